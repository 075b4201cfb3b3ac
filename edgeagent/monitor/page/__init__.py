"""The status page's server: who may see it, what is asked of it, and the thread on which it runs."""
