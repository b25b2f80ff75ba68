"""What every bench shares: the component that a bench is, how its JavaScript is joined, and, in js/, the modules that several import."""
