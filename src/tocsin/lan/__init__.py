"""HTTPS on a host name: the certificate is the owner's own, one by ACME, or one of the local authority."""
