"""The headers that keep a page to itself: nothing inline, nothing from elsewhere, framed by nobody."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def page_headers(https: bool) -> dict[str, str]:
    """Response headers for every HTML page, names in lower case; over https also HSTS for a year."""
    if not https:
        return dict(_HEADERS)
    return {**_HEADERS, "strict-transport-security": "max-age=31536000; includeSubDomains"}
