"""How the device is, told to whoever looks after it: a service manager, a graph, a house, a person with a browser."""
