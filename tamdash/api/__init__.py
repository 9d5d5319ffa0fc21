"""The API under `/api/v1/`, for other software. `tamdash.api.v1` puts it together.

Each module of resources has a `router`, whose operations name their scope (`auth=scoped("tasks:run")`), their success answers
(`response={202: Shape}`) and, in `openapi_extra`, an example of each body. What all calls share is in `auth` (tokens, scopes, limits),
`problems` (errors: `raise Problem("conflict", "...")`), `once` (idempotency keys) and `door` (what stands around every view).
`document` describes it all as OpenAPI, errors included.
"""
