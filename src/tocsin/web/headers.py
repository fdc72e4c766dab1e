"""The headers that each answer of the desk carries, on whatever port."""

# The camera's reader is WebAssembly, which a page must be allowed to compile; only the one that scans is.
SCAN_PATH = "/scan"
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "frame-ancestors 'none'; form-action 'self'; base-uri 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "x-frame-options": "DENY",
}


def headers_of(path: str) -> dict[str, str]:
    """Return the headers of the answer at a path."""
    if path != SCAN_PATH:
        return HEADERS
    policy = HEADERS["content-security-policy"].replace(
        "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
    )
    return {**HEADERS, "content-security-policy": policy}
