"""A fake X: real HTTP on loopback, with customers who write to a business, limits, and every fault that X has.

    async with fake_x() as x:
        ann = x.customer("2222", username="ann")
        x.subscribe("http://127.0.0.1:8080/webhooks/x")
        await ann.writes("hola")
        await ann.until(lambda heard: len(heard) == 1)

What it answers follows X's documentation of August 2026; ``tests/payloads/x/README.md`` says what is not known.
"""
