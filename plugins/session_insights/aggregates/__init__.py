"""Sessions and facets → figures."""
