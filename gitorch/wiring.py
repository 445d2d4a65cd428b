"""The only module that knows every concrete class."""
