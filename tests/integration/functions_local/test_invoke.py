from __future__ import annotations

import json
from typing import Any


async def test_a_function_answers_with_what_its_handler_returns(functions: Any) -> None:
    await functions.create("hello", "def handler(event, context):\n    return {'to': event['name']}\n")

    answer = await functions.invoke("hello", b'{"name": "world"}')

    assert answer["StatusCode"] == 200
    assert json.loads(answer["Payload"]) == {"to": "world"}
    assert "FunctionError" not in answer
