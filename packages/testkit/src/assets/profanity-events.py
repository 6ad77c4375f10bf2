"""A plugin of profanity: tells the driver what profanity has received, a JSON object a line on a socket."""
import glob
import json
import os
import socket
import sqlite3
import xml.etree.ElementTree as ET

ROSTER = "{jabber:iq:roster}"
MAM = "{urn:xmpp:mam:2}"

connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
connection.connect(os.environ["TESTKIT_EVENTS"])


def tell(**event):
    connection.sendall((json.dumps(event) + "\n").encode())


def parse(stanza):
    # Stanzas of a client stream may come without their namespace.
    return ET.fromstring(stanza.replace(' xmlns="jabber:client"', "").replace(" xmlns='jabber:client'", ""))


def prof_on_message_stanza_receive(stanza):
    message = parse(stanza)
    if message.find("body") is not None:
        fields = {field: message.get(field, "") for field in ("from", "to", "id", "type")}
        tell(event="message", message={**fields, "body": message.findtext("body") or ""})
    return True


def prof_on_presence_stanza_receive(stanza):
    presence = parse(stanza)
    text = {field: presence.findtext(field) or "" for field in ("show", "status")}
    tell(event="presence", presence={"from": presence.get("from", ""), "type": presence.get("type", ""), **text})
    return True


def history():
    """What profanity has kept of its chats."""
    (path,) = glob.glob(os.path.join(os.environ["XDG_DATA_HOME"], "profanity", "database", "*", "chatlog.db"))
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return [body for (body,) in database.execute("select message from ChatLogs order by timestamp, id")]


def prof_on_iq_stanza_receive(stanza):
    iq = parse(stanza)
    fin = iq.find(f"{MAM}fin")
    if fin is not None and fin.get("complete") == "true":
        tell(event="history", bodies=history())
    query = iq.find(f"{ROSTER}query")
    if query is not None:
        items = [dict(item.attrib) for item in query.findall(f"{ROSTER}item")]
        tell(event="roster-items", items=items)
    return True
