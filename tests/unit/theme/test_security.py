from tocsin_theme.security import CONTENT_SECURITY_POLICY, page_headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))

    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert set(rules.values()) == {"'none'", "'self'"}


def test_https_adds_strict_transport_and_http_does_not() -> None:
    plain, secure = page_headers(https=False), page_headers(https=True)

    assert "strict-transport-security" not in plain
    assert secure["strict-transport-security"].startswith("max-age=31536000")
    assert plain["x-content-type-options"] == "nosniff"
    assert all(name == name.lower() for name in secure)
