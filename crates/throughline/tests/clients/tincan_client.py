"""tincan (PyPI) against a real server: one statement, a batch, both read back, and a state document.

Reads ENDPOINT, KEY and SECRET from the environment; ends with 1 and the reason where something is not as it should be.
"""

import os

from tincan import Activity, Agent, LanguageMap, RemoteLRS, Result, Score, StateDocument, Statement, Verb

lrs = RemoteLRS(
    version="1.0.1",
    endpoint=os.environ["ENDPOINT"] + "/",
    username=os.environ["KEY"],
    password=os.environ["SECRET"],
)
agent = Agent(name="Ines", mbox="mailto:ines@northwind.example")


def statement(n):
    return Statement(
        actor=agent,
        verb=Verb(id="http://adlnet.gov/expapi/verbs/completed", display=LanguageMap({"en": "completed"})),
        object=Activity(id=f"https://learn.northwind.example/lessons/{n}"),
        result=Result(completion=True, score=Score(scaled=0.8)),
    )


def done(answer):
    assert answer.success, (answer.response.status, answer.data)
    return answer.content


one = done(lrs.save_statement(statement(1)))
read = done(lrs.retrieve_statement(one.id))
assert read.id == one.id and read.result.score.scaled == 0.8, read.to_json()

many = done(lrs.save_statements([statement(n) for n in (2, 3, 4)]))
assert len(many) == 3 and all(s.id for s in many)
found = done(lrs.query_statements({"agent": agent, "limit": 3}))
assert {s.id for s in found.statements} == {s.id for s in many}
rest = done(lrs.more_statements(found))
assert [s.id for s in rest.statements] == [one.id]

activity = Activity(id="https://learn.northwind.example/lessons/1")
done(lrs.save_state(StateDocument(id="place", content=bytearray(b"page 3"), agent=agent, activity=activity)))
state = done(lrs.retrieve_state(activity, agent, "place"))
assert bytes(state.content) == b"page 3", state.content
print("tincan: done")
