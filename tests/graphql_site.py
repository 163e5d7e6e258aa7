"""The recipe of the documents for GraphQL, with strawberry, sync and async."""

from __future__ import annotations

import strawberry
from django.urls import path
from strawberry.django.views import AsyncGraphQLView, GraphQLView

from django_ory_mfa.enforcement import arequire_aal, require_aal


@strawberry.type
class Query:
    @strawberry.field
    def free(self) -> str:
        return "free"

    @strawberry.field
    def balance(self, info: strawberry.Info) -> str | None:
        require_aal(info.context.request, "aal2", max_age=600)
        return "sesame"


@strawberry.type
class AsyncQuery:
    @strawberry.field
    async def free(self) -> str:
        return "free"

    @strawberry.field
    async def balance(self, info: strawberry.Info) -> str | None:
        await arequire_aal(info.context.request, "aal2", max_age=600)
        return "sesame"


urlpatterns = [
    path("sync/graphql", GraphQLView.as_view(schema=strawberry.Schema(Query))),
    path("async/graphql", AsyncGraphQLView.as_view(schema=strawberry.Schema(AsyncQuery))),
]
