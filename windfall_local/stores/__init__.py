"""The stores: moto's models, in process, behind the two doors the local cloud needs.

`moto_fit` adapts moto once per process, `dispatch` hands one HTTP request to the service that
answers it, `stores` keeps turns and calls from inside, `queues` waits for messages without
blocking.
"""
