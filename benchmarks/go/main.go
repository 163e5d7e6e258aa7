// The guide's way in Go: Ory is asked for every request, and a page needs aal2.
// Started with the address to listen on as its argument, and Ory's URL in ORY_SDK_URL.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"

	ory "github.com/ory/client-go"
)

type contextKey struct{}

type guard struct {
	client *ory.APIClient
	login  string
}

func (g *guard) secondFactor(page http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, _, err := g.client.FrontendAPI.ToSession(r.Context()).Cookie(r.Header.Get("Cookie")).Execute()
		if err != nil || !session.GetActive() {
			http.Redirect(w, r, g.login, http.StatusSeeOther)
			return
		}
		if session.GetAuthenticatorAssuranceLevel() != ory.AUTHENTICATORASSURANCELEVEL_AAL2 {
			http.Redirect(w, r, g.login+"?aal=aal2", http.StatusSeeOther)
			return
		}
		page(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, session)))
	}
}

func traits(w http.ResponseWriter, r *http.Request) {
	session := r.Context().Value(contextKey{}).(*ory.Session)
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(session.GetIdentity().Traits); err != nil {
		log.Print(err)
	}
}

func public(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, "page")
}

func main() {
	url := os.Getenv("ORY_SDK_URL")
	configuration := ory.NewConfiguration()
	configuration.Servers = ory.ServerConfigurations{{URL: url}}
	g := &guard{ory.NewAPIClient(configuration), url + "/self-service/login/browser"}
	mux := http.NewServeMux()
	mux.HandleFunc("/traits", g.secondFactor(traits))
	mux.HandleFunc("/public", public)
	log.Fatal(http.ListenAndServe(os.Args[1], mux))
}
