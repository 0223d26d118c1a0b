"""The Ingress and the Compose proxy, written from the table of paths by `make generate`."""

import json

from tocsin.paths import HOME, NOBODY, PATHS
from tocsin_runtime.errors import PROBLEM_JSON, Code, problem_body

INGRESS = "deploy/k8s/base/ingress.yaml"
NGINX = "deploy/nginx/default.conf.template"
PORT = 8080
LARGEST_BODY_MIB = 64
"""As much as an integration may be told to take."""
_PROBLEMS = (
    ("404", 404, Code.NOT_FOUND, "Nothing is at this path."),
    ("413", 413, Code.TOO_LARGE, f"No body may be larger than {LARGEST_BODY_MIB} MiB. Send less at once."),
    (
        "502 503 504",
        503,
        Code.UNAVAILABLE,
        "The service does not answer. It may have done what was asked or not: look, or try again in a few seconds,"
        " which is safe with an Idempotency-Key.",
    ),
)
"""What the proxy says itself: the errors of nginx, the status that is answered, and why."""
_FRONT = "~^(?<kept>/api/v[0-9]+/[a-z-]+|/[a-z_-]+)(/|$)"
_FIRST = "# Written by `make generate` from standalone/tocsin/paths.py. Do not edit.\n"


def generated() -> dict[str, str]:
    """Content by path below the repository's root."""
    return {INGRESS: ingress(), NGINX: nginx()}


def ingress() -> str:
    """An Ingress with a rule for each prefix. What has no rule, such as `/internal` and `/metrics`, is on no origin."""
    rules = "".join(_rule(prefix, service) for prefix, service in _owned())
    return f"""{_FIRST}apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: tocsin
spec:
  rules:
    - http:
        paths:
          - {{path: /, pathType: Exact, backend: {_backend(PATHS[HOME])}}}
{rules}"""


def nginx() -> str:
    """A proxy's configuration: one map of paths, the longest prefix first, and one location."""
    longest_first = sorted(_owned(), key=lambda entry: (-len(entry[0]), entry[0]))
    rules = "".join(f"    ~^{_escaped(prefix)}(/|$) {service};\n" for prefix, service in longest_first)
    return f"""{_FIRST}map $uri $owner {{
    default "";
{rules}}}

# Paths hold keys and one-use links: what is logged is where they begin, and never where somebody came from.
map $uri $front {{
    default "";
    "{_FRONT}" $kept;
}}
log_format tocsin escape=json '{{"at":"$time_iso8601","method":"$request_method","front":"$front","owner":"$owner",'
    '"status":$status,"upstream":"$upstream_status","seconds":$request_time,"from":"$remote_addr"}}';

server {{
    listen {PORT};
    server_tokens off;
    access_log /dev/stdout tocsin;
    # Below this level nginx quotes whole requests; who does not answer shows in the access log, as upstream 502 or 504.
    error_log /dev/stderr alert;
    resolver ${{NGINX_LOCAL_RESOLVERS}} valid=5s;

    # Deadlines against slow senders; the services themselves say 413, with the reason.
    client_header_timeout 5s;
    client_body_timeout 10s;
    client_max_body_size {LARGEST_BODY_MIB}m;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_connect_timeout 3s;
    proxy_read_timeout 60s;

    # What a service answers passes as it is; where nginx has to answer itself, it does so in the same form.
{"".join(_own_problem(*problem) for problem in _PROBLEMS)}
    location = / {{
        return 302 {HOME};
    }}

    location ~ ^/[a-z-]+/stream$ {{
        if ($owner = "") {{
            return 404;
        }}
        proxy_buffering off;
        proxy_read_timeout 1h;
        proxy_pass http://$owner:{PORT};
    }}

    location / {{
        if ($owner = "") {{
            return 404;
        }}
        proxy_pass http://$owner:{PORT};
    }}
}}
"""


def _own_problem(errors: str, status: int, code: Code, detail: str) -> str:
    retry = "        add_header Retry-After 5 always;\n" if status == 503 else ""
    return f"""    error_page {errors} ={status} @{code.value};
    location @{code.value} {{
        types {{}}  # whatever the path ends in
        default_type {PROBLEM_JSON};
        add_header Cache-Control no-store always;
{retry}        return {status} '{json.dumps(problem_body(status, code, detail))}';
    }}
"""


def _owned() -> list[tuple[str, str]]:
    return [(prefix, service) for prefix, service in PATHS.items() if service != NOBODY]


def _rule(prefix: str, service: str) -> str:
    return f"          - {{path: {prefix}, pathType: Prefix, backend: {_backend(service)}}}\n"


def _backend(service: str) -> str:
    return f"{{service: {{name: tocsin-{service}, port: {{name: http}}}}}}"


def _escaped(prefix: str) -> str:
    return prefix.replace(".", "\\.")
