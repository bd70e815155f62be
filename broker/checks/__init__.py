"""What must agree between the keys of one configuration file, one module a subject.

Each rule works on what is there, however much is broken, and says what to do. It sees tables, not structures: these
exist only once nothing is wrong. Places are patterns such as "services[].zone".
"""
