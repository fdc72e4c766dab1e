"""HTTPS on a host name: the certificate (own, ACME, a local authority) and the page that installs the authority."""
