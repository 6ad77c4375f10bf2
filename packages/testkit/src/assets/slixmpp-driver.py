"""slixmpp, as its documentation shows it, behind the commands and events of drivers/protocol.ts."""
import asyncio
import json
import ssl
import sys

import slixmpp
from slixmpp.exceptions import IqError


def tell(**event):
    print(json.dumps(event), flush=True)


def fields_of(message):
    return {field: str(message[field]) for field in ("from", "to", "id", "type", "body")}


class Driver(slixmpp.ClientXMPP):
    def __init__(self, jid, password, endpoint, resumes):
        super().__init__(jid, password)
        direct = endpoint["transport"] == "tls"
        self.endpoint = {
            "address": (endpoint["host"], endpoint["port"]),
            "use_ssl": direct,
            "force_starttls": not direct,
        }
        # The certificate of a test is self-signed, and accepted here and nowhere else.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0199")
        self.register_plugin("xep_0313")
        self.register_plugin("xep_0280")
        # It would answer requests for a subscription by itself.
        self.roster.auto_authorize = None
        self.roster.auto_subscribe = False
        self.add_event_handler("presence", self.on_presence)
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("message", self.on_message)
        for direction in ("sent", "received"):
            self.add_event_handler(f"carbon_{direction}", lambda copy, way=direction: self.on_carbon(way, copy))
        self.add_event_handler("failed_auth", lambda _: tell(event="error", text="not authorized"))
        if resumes:
            # It asks for an acknowledgement behind each stanza; else behind five.
            self.register_plugin("xep_0198", {"window": 1})
            self.add_event_handler("session_resumed", lambda _: tell(event="resumed"))
            self.add_event_handler("stanza_acked", self.on_acknowledged)
            # As its documentation has it: whoever uses it says that it connects again.
            self.add_event_handler("disconnected", self.start)
        else:
            self.add_event_handler("stream_error", lambda e: tell(event="error", text=str(e)))
            self.add_event_handler("connection_failed", lambda e: tell(event="error", text=f"connection failed: {e}"))

    def start(self, _=None):
        self.connect(**self.endpoint)

    async def stop(self):
        self.del_event_handler("disconnected", self.start)
        await self.disconnect()

    async def on_start(self, _):
        # An interested resource (RFC 6121 §2.2), before it is available.
        try:
            await self.get_roster()
        except IqError:
            pass  # Policy: who has no roster may still talk.
        self.send_presence()
        tell(event="online", jid=self.boundjid.full)

    def on_presence(self, presence):
        text = {field: presence.xml.findtext(f"{{jabber:client}}{field}") or "" for field in ("show", "status")}
        tell(event="presence", presence={"from": str(presence["from"]), "type": presence.xml.get("type", ""), **text})

    async def tell_roster(self):
        await self.get_roster()
        contacts = []
        for jid in self.client_roster:
            item = self.client_roster[jid]
            if item["subscription"] != "remove" and jid != self.boundjid.bare:
                contacts.append(
                    {
                        "jid": jid,
                        "name": item["name"],
                        "subscription": item["subscription"],
                        "ask": bool(item["pending_out"]),
                    }
                )
        tell(event="roster", contacts=contacts)

    async def tell_history(self, page_size):
        bodies = []
        async for result in self["xep_0313"].iterate(jid=self.boundjid.bare, rsm={"max": page_size}):
            bodies.append(result["mam_result"]["forwarded"]["stanza"]["body"])
        tell(event="history", bodies=bodies)

    def on_message(self, message):
        tell(event="message", message=fields_of(message))

    def on_acknowledged(self, stanza):
        if isinstance(stanza, slixmpp.Message):
            tell(event="acknowledged")

    def on_carbon(self, direction, copy):
        tell(event="carbon", carbon={"direction": direction, "message": fields_of(copy[f"carbon_{direction}"])})

    async def enable_carbons(self):
        await self["xep_0280"].enable()
        tell(event="copying")


async def main():
    reader = asyncio.StreamReader(limit=2**22)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    client = None
    while line := await reader.readline():
        command = json.loads(line)
        if command["do"] == "connect":
            client = Driver(command["jid"], command["password"], command["endpoint"], command["resumes"])
            client.start()
        elif command["do"] == "send":
            message = client.make_message(mto=command["to"], mbody=command["body"], mtype=command["type"])
            message["id"] = command["id"]
            message.send()
            tell(event="sent")
        elif command["do"] == "carbons":
            await client.enable_carbons()
        elif command["do"] == "roster":
            await client.tell_roster()
        elif command["do"] == "history":
            await client.tell_history(command["pageSize"])
        elif command["do"] == "add":
            await client.update_roster(command["jid"], name=command["name"])
        elif command["do"] == "remove":
            await client.del_roster_item(command["jid"])
        elif command["do"] == "subscription":
            client.send_presence(pto=command["to"], ptype=command["type"])
        elif command["do"] == "presence":
            show = None if command["show"] == "online" else command["show"]
            client.send_presence(pshow=show, pstatus=command["status"] or None)
        elif command["do"] == "close":
            break
    if client is not None:
        await client.stop()


asyncio.run(main())
