// The guide's way in Express: Ory is asked for every request, and a page needs aal2.
// Started as: node server.js PORT, with Ory's URL in ORY_SDK_URL.
const express = require("express")
const { Configuration, FrontendApi } = require("@ory/client-fetch")

const oryUrl = process.env.ORY_SDK_URL
const frontend = new FrontendApi(new Configuration({ basePath: oryUrl }))
const login = `${oryUrl}/self-service/login/browser`

async function needsSecondFactor(request, response, next) {
  let session
  try {
    session = await frontend.toSession({ cookie: request.header("cookie") })
  } catch {
    return response.redirect(login)
  }
  if (session.authenticator_assurance_level !== "aal2") {
    return response.redirect(`${login}?aal=aal2`)
  }
  request.session = session
  next()
}

const app = express()
app.get("/traits", needsSecondFactor, (request, response) => response.json(request.session.identity.traits))
app.get("/public", (request, response) => response.send("page"))
app.listen(Number(process.argv[2]), "127.0.0.1")
