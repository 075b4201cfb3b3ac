"""A model that uses programs of the owner's: what reaches them, what comes back, and what goes wrong."""

from __future__ import annotations

import json
import textwrap
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import yaml

from edgeagent.dialogue.history import Line, Who
from edgeagent.dialogue.kinds import Kind, Understood
from edgeagent.dialogue.sentences import Sentences
from edgeagent.errors import ConfigError, ServiceError
from edgeagent.ports import Request
from edgeagent.services.chat_deeds import LEFT_OUT, RESULT
from edgeagent.services.chat_replier import CUT_OFF, ROUNDS
from edgeagent.services.chat_tools import OUTPUT, read_tools
from tests.services.chat_server import Act, Talking, calling, sentences, serving
from tests.services.leftovers import children
from tests.services.tools import PARAMETERS, tools, with_tools

REQUEST = Request(7, np.zeros(16, np.float32), "hello", Understood(Kind.REQUEST), (Line(Who.PERSON, 7, "hello"),))


def talk(act: Act, file: str) -> tuple[str, list[dict[str, Any]]]:
    """What is spoken, and the requests."""
    with serving(act) as server:
        spoken = "".join(with_tools(server, file).reply(REQUEST))
    return spoken, server.requests


def results(requests: list[dict[str, Any]]) -> list[str]:
    """What the model was told last of its tools."""
    return [message["content"] for message in requests[-1]["messages"] if message["role"] == "tool"]


def test_arguments_reach_the_program_and_what_it_prints_reaches_the_model(tmp_path: Path) -> None:
    act = calling(('{"on": true, "room": "hall"}',), spoken="One moment. ")
    spoken, requests = talk(act, tools(tmp_path, f"tee {tmp_path}/got; echo the lamp is on"))
    assert spoken == "One moment. \nDone."
    assert json.loads((tmp_path / "got").read_text()) == {"on": True, "room": "hall"}
    first, second = requests
    assert first["tools"] == [
        {
            "type": "function",
            "function": {"name": "lamp", "description": "Switches the lamp.", "parameters": PARAMETERS},
        }
    ]
    asked, answer = second["messages"][-2:]
    assert asked["role"] == "assistant"
    assert asked["content"] == "One moment. "
    assert asked["tool_calls"][0]["function"] == {"name": "lamp", "arguments": '{"on": true, "room": "hall"}'}
    assert (answer["role"], answer["tool_call_id"]) == ("tool", "call-0-0")
    assert answer["content"].endswith("the lamp is on")


def test_what_is_said_before_a_tool_is_said_before_it_has_run(tmp_path: Path) -> None:
    act = calling(('{"on": true}',), spoken="Let me see to that.", last="The lamp is on.")
    splitter = Sentences()
    said: list[tuple[str, bool]] = []
    with serving(act) as server:
        for piece in with_tools(server, tools(tmp_path, f"touch {tmp_path}/ran")).reply(REQUEST):
            said += [(sentence, (tmp_path / "ran").exists()) for sentence in splitter.feed(piece)]
    said += [(sentence, True) for sentence in splitter.rest()]
    assert said == [("Let me see to that.", False), ("The lamp is on.", True)]


def test_several_calls_and_several_rounds(tmp_path: Path) -> None:
    act = calling(('{"on": true}', '{"on": false}'), ('{"on": true}',))
    _, requests = talk(act, tools(tmp_path, "cat"))
    assert len(requests) == 3
    assert results(requests) == ['{"on": true}', '{"on": false}', '{"on": true}']


def test_a_model_that_never_stops_asking_must_answer_in_the_end(tmp_path: Path) -> None:
    spoken, requests = talk(calling(*[('{"on": true}',)] * 100), tools(tmp_path, "cat"))
    assert spoken == "Done."
    assert len(requests) == ROUNDS + 1
    assert [request["tool_choice"] for request in requests] == ["auto"] * ROUNDS + ["none"]


@pytest.mark.parametrize(
    ("program", "arguments", "told"),
    [
        ("cat; echo the reason >&2; exit 3", '{"on": true}', "error: status 3 the reason"),
        ("exec sleep 60", '{"on": true}', "error: it took longer than 0.3 s"),
        ("true", '{"on": true}', "done"),
        ("cat", "{on", "error: the arguments are no JSON"),
        ("cat", "[" * 50_000, "error: the arguments are no JSON"),
        ("cat", "[]", "error: the arguments are no object"),
        ("cat", "{}", "error: missing: on"),
        ("cat", '{"on": "yes"}', "error: on must be boolean"),
        ("cat", '{"on": true, "room": "attic"}', "error: room must be one of kitchen, hall"),
        ("cat", '{"on": true, "x": 1}', "error: unknown: x"),
    ],
)
def test_the_model_is_told_what_went_wrong(program: str, arguments: str, told: str, tmp_path: Path) -> None:
    spoken, requests = talk(calling((arguments,)), tools(tmp_path, program, timeout_s=0.3))
    assert spoken == "Done."
    assert results(requests)[0].startswith(told)
    assert not children()


def test_what_is_not_declared_never_reaches_a_program_unless_it_may(tmp_path: Path) -> None:
    act = calling(('{"on": true, "shell": "reboot"}', '{"on": true}'))
    declared = [f"  additionalProperties: {said}\n" for said in ("false", "true")]
    file = Path(tools(tmp_path, "cat"))
    written = file.read_text()
    assert declared[0] in written
    file.write_text("".join(line for line in written.splitlines(keepends=True) if "additional" not in line))
    assert results(talk(act, str(file))[1]) == ["error: unknown: shell", '{"on": true}']
    file.write_text(written.replace(declared[0], declared[1]))
    assert results(talk(act, str(file))[1])[0] == '{"on": true, "shell": "reboot"}'


@pytest.mark.parametrize("arguments", ['{"on": tr', "[]", "[" * 50_000])
def test_servers_that_read_the_arguments_get_some_that_can_be_read(arguments: str, tmp_path: Path) -> None:
    """Ollama, llama.cpp and vLLM refuse the conversation otherwise, and with it the answer."""
    _, requests = talk(calling((arguments, '{"on": true}')), tools(tmp_path, "cat"))
    calls = [call["function"]["arguments"] for call in requests[-1]["messages"][-3]["tool_calls"]]
    assert calls == ["{}", '{"on": true}']


def test_half_a_letter_reaches_a_program_as_a_mark(tmp_path: Path) -> None:
    act = calling((r'{"on": true, "room": "kitchen", "x\ud83d": 1}',))
    file = tools(tmp_path, "cat")
    Path(file).write_text(Path(file).read_text().replace("additionalProperties: false", "additionalProperties: true"))
    _, requests = talk(act, file)
    assert json.loads(results(requests)[0]) == {"on": True, "room": "kitchen", "x?": 1}


def test_a_tool_that_does_not_exist_is_none(tmp_path: Path) -> None:
    _, requests = talk(calling(("{}",), name="rocket"), tools(tmp_path, "cat"))
    assert results(requests) == ["error: there is no tool 'rocket'. There are: lamp"]


def test_of_endless_output_the_beginning_is_told(tmp_path: Path) -> None:
    _, requests = talk(calling(('{"on": true}',)), tools(tmp_path, "head -c 10000000 /dev/zero | tr '\\0' x"))
    assert results(requests) == ["x" * OUTPUT]


def test_what_was_said_never_reaches_a_command_line(tmp_path: Path) -> None:
    """Neither a shell's signs nor a dash at the beginning mean anything."""
    wanted = {"on": True, "room": "kitchen"}
    act = calling((json.dumps(wanted),))
    _, requests = talk(act, tools(tmp_path, "cat /proc/$$/cmdline | tr '\\0' ' '; cat >/dev/null"))
    assert "kitchen" not in results(requests)[0]


@pytest.mark.parametrize("whole", [True, False])
def test_servers_that_leave_the_index_out_are_understood(whole: bool, tmp_path: Path) -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        if len(talking.body["messages"]) > 2:
            talking.say("Done.")
        elif whole:  # as Ollama: a call a piece, all of them with the same index
            talking.call(0, "a", "lamp", '{"on": true}')
            talking.call(0, "b", "lamp", '{"on": false}')
        else:
            talking.call(None, "a", "lamp", '{"on": ')
            talking.call(None, None, None, "true}")
            talking.call(None, "b", "lamp", {"on": False})
        talking.done()

    _, requests = talk(act, tools(tmp_path, "cat"))
    assert [json.loads(result) for result in results(requests)] == [{"on": True}, {"on": False}]


@pytest.mark.parametrize("garbage", ["7", "[7]", '[{"function": 7}]', '[{"index": "x", "function": {}}]'])
def test_what_is_no_call_is_told(garbage: str, tmp_path: Path) -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        talking.raw(f'data: {{"choices": [{{"delta": {{"tool_calls": {garbage}}}}}]}}\n\n')
        talking.done()

    with pytest.raises(ServiceError, match="what is no chat"):
        talk(act, tools(tmp_path, "cat"))


def test_a_call_without_end_is_cut(tmp_path: Path) -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        while not talking.gone(0):
            talking.call(0, "a", None, "x" * 1000)

    with pytest.raises(ServiceError, match="without end"):
        talk(act, tools(tmp_path, "cat"))


@pytest.mark.parametrize("named", [False, True])
def test_calls_without_end_are_cut(named: bool, tmp_path: Path) -> None:
    def act(talking: Talking) -> None:
        talking.begin()
        with suppress(OSError):  # it is left
            for number in range(300):
                talking.call(0 if named else number, "a", "lamp" * 100, None if named else "{}")
            talking.done()

    with pytest.raises(ServiceError, match="without end"):
        talk(act, tools(tmp_path, "cat"))


def test_the_openai_client_puts_the_same_call_together(tmp_path: Path) -> None:
    openai = pytest.importorskip("openai", reason="the openai client is not installed")
    wanted = '{"on": true, "room": "hall"}'
    with serving(calling((wanted,))) as server:
        client = openai.OpenAI(base_url=server.url, api_key="x")
        told = [tool.told() for tool in read_tools(tools(tmp_path, "cat")).values()]
        asked = [{"role": "user", "content": "x"}]
        with client.chat.completions.stream(model="m", messages=asked, tools=told) as stream:
            final = stream.get_final_completion()
        (call,) = final.choices[0].message.tool_calls
        assert (call.function.name, call.function.arguments) == ("lamp", wanted)
        client.close()


def test_every_fault_of_the_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "tools.yaml"
    lamp = {"name": "lamp", "description": "x", "command": "true"}
    file.write_text(
        "tools:\n"
        + "- "
        + yaml.safe_dump(lamp, default_flow_style=True)
        + "- "
        + yaml.safe_dump({**lamp, "timeout_s": 0, "colour": 1}, default_flow_style=True)
        + "- {name: 'a b', description: '', command: no-such-program, parameters: {type: string}}\n"
        + '- {name: c, description: c, command: "sh \'x", name: d}\n'
        + "- 7\n"
        + "- {name: e, description: e, command: 'true', parameters: {type: object, properties: {\n"
        + "    room: {enum: kitchen},\n    level: {type: [string, 5]},\n    door: hall}}}\n"
        + "- {name: f, description: f, command: 'true', parameters: {type: object, properties: {room: {}},\n"
        + "    required: [rooom, [room]]}}\n"
    )
    with pytest.raises(ConfigError) as refused:
        read_tools(str(file))
    text = str(refused.value)
    for told in (
        "line 3: unknown key 'colour'",
        "line 3: two tools have the name 'lamp'",
        "line 3: timeout_s",
        "line 4: name needs",
        "line 4: description needs",
        "line 4: parameters needs",
        "line 4: there is no program 'no-such-program'",
        "line 5: 'name' is given twice",
        "line 5: command: no closing quotation",
        "line 6: a tool needs",
        "line 8: parameters: room needs as enum a list",
        "line 9: parameters: level needs as type a name or a list of names",
        "line 10: parameters: door needs a schema",
        "line 12: parameters: required has 'rooom', which no call can have: it is no property. Did you mean 'room'?",
        "line 12: parameters: required has ['room'], which is no name",
    ):
        assert told in text, told


def test_a_password_in_front_of_a_program_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "tools.yaml"
    file.write_text("tools:\n- {name: lamp, description: x, command: 'TOKEN=very-secret lamp'}\n")
    with pytest.raises(ConfigError, match=r"line 2: 'TOKEN=\.\.\.' is no program.*env TOKEN=VALUE") as refused:
        read_tools(str(file))
    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "7", "tools: 7", "tools: &a [*a]", "{", "a: 1"])
def test_what_is_no_file_of_tools_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "tools.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        read_tools(str(file))
    with pytest.raises(ConfigError, match=r"replier\.tools"):
        read_tools(str(tmp_path / "none.yaml"))


def schema_of(file: str, name: str) -> Any:
    """As the model is told."""
    told: Any = read_tools(file)[name].told()
    return told["function"]["parameters"]


DOCS = Path(__file__).parents[2] / "docs" / "dialogue.md"


def test_the_example_in_the_docs_is_what_it_says(tmp_path: Path) -> None:
    """ "on" is a name there, and a truth value in YAML of old."""
    told = DOCS.read_text(encoding="utf-8")
    example = told[told.index("    tools:\n") :].partition("\n\n")[0]
    file = tmp_path / "tools.yaml"
    file.write_text(textwrap.dedent(example).replace("/usr/local/bin/lamp", "/bin/cat"))
    about = schema_of(str(file), "lamp")
    assert about == {key: value for key, value in PARAMETERS.items() if key != "additionalProperties"}
    assert json.loads(json.dumps(about)) == about


def test_words_numbers_and_dates_are_what_they_look_like(tmp_path: Path) -> None:
    file = tmp_path / "tools.yaml"
    listed = "[on, off, no, 12:30, 2024-01-01, 0o7, 1, -2.5, 1e3, true, null]"
    schema = f"{{type: object, properties: {{x: {{enum: {listed}}}}}}}"
    file.write_text(f"tools: [{{name: a, description: b, command: cat, parameters: {schema}}}]")
    about = schema_of(str(file), "a")
    texts = ["on", "off", "no", "12:30", "2024-01-01", "0o7"]
    assert about["properties"]["x"]["enum"] == [*texts, 1, -2.5, 1000.0, True, None]
    json.dumps(about)


def after(first: str, *later: Line) -> Request:
    """The request of turn 7, which now says `first`, or of the last of `later` lines behind it."""
    history = (Line(Who.PERSON, 7, first), *later)
    return replace(REQUEST, turn=history[-1].number, text=history[-1].text, history=history)


def test_who_pauses_and_goes_on_has_done_once_what_was_done_meanwhile(tmp_path: Path) -> None:
    """The reply is cut when the lamp is on and before a word of it was heard."""
    with serving(calling(('{"on": true}',))) as server:
        replier = with_tools(server, tools(tmp_path, "echo the lamp is on"))
        reply = replier.reply(REQUEST)
        assert next(iter(reply))  # behind the tool
        reply.cancel()
        "".join(replier.reply(after("hello and welcome")))
    user, asked, done = server.requests[-1]["messages"][-3:]
    assert (user["role"], user["content"]) == ("user", "hello and welcome")
    assert asked["tool_calls"][0]["function"] == {"name": "lamp", "arguments": '{"on": true}'}
    assert (done["role"], done["tool_call_id"], done["content"]) == ("tool", "call-0-0", "the lamp is on")


def test_what_was_done_for_an_earlier_turn_stands_behind_it(tmp_path: Path) -> None:
    with serving(calling(('{"on": true}',))) as server:
        replier = with_tools(server, tools(tmp_path, "echo the lamp is on"))
        "".join(replier.reply(REQUEST))
        "".join(replier.reply(after("hello", Line(Who.DEVICE, 0, "Done."), Line(Who.PERSON, 8, "thanks"))))
        "".join(replier.reply(after("hello", Line(Who.PERSON, 8, "thanks"))))  # nobody heard that it was done
    _, _, heard, unheard = server.requests
    assert [message["role"] for message in heard["messages"]][1:] == ["user", "assistant", "tool", "assistant", "user"]
    assert [message["role"] for message in unheard["messages"]][1:] == ["user", "assistant", "tool"]
    assert unheard["messages"][1]["content"] == "hello thanks"


def test_of_a_program_that_was_cut_off_the_model_knows_that_it_had_begun(tmp_path: Path) -> None:
    """The second of three calls is at work when the person goes on; the third has not been begun."""
    act = calling(('{"on": true}', '{"on": false}', '{"on": true}'))
    program = f"read said; echo $said >> {tmp_path}/ran; grep -q false {tmp_path}/ran && sleep 30; echo done"
    with serving(act) as server:
        replier = with_tools(server, tools(tmp_path, program, 60.0))
        reply = replier.reply(REQUEST)
        spoken: list[str] = []
        reading = Thread(target=lambda: spoken.extend(reply))
        reading.start()
        while not (tmp_path / "ran").exists() or "false" not in (tmp_path / "ran").read_text():
            assert reading.is_alive()
        reply.cancel()
        reading.join()
        server.act = sentences("Well.")
        "".join(replier.reply(after("hello and welcome")))
    asked, first, second = server.requests[-1]["messages"][-3:]
    assert len(asked["tool_calls"]) == 2
    assert (first["content"], second["content"]) == ("done", CUT_OFF)
    assert not spoken


def test_of_a_long_result_later_turns_are_told_the_beginning(tmp_path: Path) -> None:
    with serving(calling(('{"on": true}',))) as server:
        replier = with_tools(server, tools(tmp_path, "yes | head -n 2000"))
        "".join(replier.reply(REQUEST))
        "".join(replier.reply(after("hello and welcome")))
    _, now, later = server.requests
    assert len(now["messages"][-1]["content"]) > RESULT
    assert later["messages"][-1]["content"] == now["messages"][-1]["content"][:RESULT] + LEFT_OUT
