"""What a template shows, ready to print: frozen values, no queries, no arithmetic left for the template."""
