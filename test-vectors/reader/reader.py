#!/usr/bin/env python3
"""The second reader of Sealchart: formats and rules, written from the specification alone, to check the test vectors.
Usage: reader.py VECTORS [--bits | --accumulated]. The sections are the chapters of the specification, in order.
Needs Debian's python3-nacl and python3-cryptography, and so Debian's /usr/bin/python3."""
import base64, functools, hashlib, hmac, itertools, json, re, sys, unicodedata
from collections import Counter, defaultdict, namedtuple
from pathlib import Path
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl import bindings as sodium
from nacl.exceptions import CryptoError

class Refused(Exception):
    """The input is refused with the error code args[0]."""
def need(holds, code):
    if not holds: raise Refused(code)
def masked(code, function, *arguments, of=Refused):
    """Whatever it was that did not fit, the answer is one code."""
    try: return function(*arguments)
    except of: raise Refused(code) from None
def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def big(number, length): return number.to_bytes(length, "big")
def ascending(items): return all(one < other for one, other in zip(items, items[1:]))

# ==== encoding.md =====================================================================================================
MAX, LOWEST = 2**53 - 1, {24: 24, 25: 2**8, 26: 2**16, 27: 2**32}  # the lowest number for each length of a number
def head(major, number):
    if number < 24: return bytes([major << 5 | number])
    info = max(info for info, lowest in LOWEST.items() if number >= lowest)
    return bytes([major << 5 | info]) + big(number, 1 << info - 24)
def encode(item):  # "Values"
    if item is None or isinstance(item, bool): return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[item]
    if isinstance(item, int): return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, bytes): return head(2, len(item)) + item
    if isinstance(item, str): return head(3, len(item.encode())) + item.encode()
    return head(4, len(item)) + b"".join(map(encode, item))
class Decoder:  # "What a decoder MUST reject"
    def __init__(self, data, items=2**20, depth=16):
        self.data, self.at, self.items, self.depth = data, 0, items - 1, depth
    def take(self, length):
        need(length <= len(self.data) - self.at, "DECODE_TRUNCATED")
        self.at += length
        return self.data[self.at - length:self.at]
    def head(self):
        major, info = divmod(self.take(1)[0], 32)
        need(major == 7 or info != 31, "DECODE_INDEFINITE")
        need(info < 28 and (major < 5 or major == 7 and 20 <= info <= 22), "DECODE_TYPE")
        number = info if info < 24 else int.from_bytes(self.take(1 << info - 24), "big")
        need(number >= LOWEST.get(info, 0), "DECODE_NOT_SHORTEST")
        need(number <= (MAX - 1 if major == 1 else MAX), "DECODE_RANGE")
        return major, number
    def value(self, depth=0):
        major, number = self.head()
        if major == 2: return self.take(number)
        if major == 3: return masked("DECODE_UTF8", bytes.decode, self.take(number), of=UnicodeDecodeError)
        if major != 4: return {0: number, 1: -1 - number, 7: {20: False, 21: True}.get(number)}[major]
        need(depth < self.depth, "DECODE_DEPTH")
        need(number <= len(self.data) - self.at, "DECODE_TRUNCATED")
        need(number <= self.items, "TOO_LARGE")
        self.items -= number
        return [self.value(depth + 1) for _ in range(number)]
def decode(data, limit=2**24, items=2**20, depth=16):
    need(len(data) <= limit, "TOO_LARGE")
    decoder = Decoder(data, items, depth)
    item = decoder.value()
    need(decoder.at == len(data), "DECODE_TRAILING")
    return item
# "Structures": a shape refuses a decoded item or gives it back; a structure is given back as a named tuple.
def shape(fits, inner=lambda item: item):
    def check(item):
        need(fits(item), "DECODE_SHAPE")
        return inner(item)
    return check
def uint(low=0, high=MAX): return shape(lambda item: type(item) is int and low <= item <= high)
def octets(low, high=None): return shape(lambda item: type(item) is bytes and low <= len(item) <= (high or low))
def maybe(inner): return lambda item: None if item is None else inner(item)
FORBIDDEN = "[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"  # "Text"
def text(low=0, high=MAX, also=lambda item: True):
    return shape(lambda item: type(item) is str and low <= len(item.encode("utf-16-le")) // 2 <= high and also(item)
                 and unicodedata.is_normalized("NFC", item) and not re.search(FORBIDDEN, item))
def many(inner, high=MAX, low=0):
    fits = shape(lambda item: type(item) is list and low <= len(item) <= high)
    return lambda item: [inner(part) for part in fits(item)]
def struct(**fields):
    made, fits = namedtuple("Structure", fields), shape(lambda item: type(item) is list and len(item) == len(fields))
    return lambda item: made(*(inner(part) for inner, part in zip(fields.values(), fits(item))))
HASH, TEXT, TIME, U32 = octets(32), text(), uint(), uint(0, 2**32 - 1)
LINES = shape(lambda item: type(item) is str, lambda item: "\n".join(map(TEXT, item.split("\n"))))  # keys.md "Trail"
PURPOSES = """entry enrolment request entryHash linkHash chainId registration registrationChain deviceId foundingSlot
    slot accessStart accessLink claim seal offerCode meeting deviceSign deviceBox epochBox trailBox sectionCommitment
    reference grantKeys teamTitleKey vaultUnlock vaultKey journalKey nameKey offerKey deviceWrap invitation envelope
    trailNote backLink card teamTitle fileHeader file sectionKeys vaultHeader vault journal deviceNames offer ticket
    wrapIndex headLock""".split()
def label(purpose):  # "Labels and contexts": every label is its purpose's name with hyphens
    need(purpose in PURPOSES, "USAGE")
    return b"sealchart/v1/" + re.sub("[A-Z]", lambda capital: "-" + capital[0].lower(), purpose).encode()
def bind(purpose, context): return label(purpose) + encode(context)
def hashed(purpose, context): return sha256(bind(purpose, context))
def hashed_object(purpose, object):
    need(object and (0x80 <= object[0] <= 0x9b or object[0] == 0xd2), "USAGE")
    return sha256(label(purpose), object)

# ==== signatures.md ===================================================================================================
P = 2**255 - 19
ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_Y = {0, 1, P - 1, ORDER_8, P - ORDER_8}  # of the eight points of small order
SMALL_U = {0, 1, P - 1} | {(1 + y) * pow(1 - y, -1, P) % P for y in (ORDER_8, P - ORDER_8)}  # the same in X25519
def verify(code, key, message, signature):  # "Ed25519", by libsodium's rules
    need(len(key) == 32 and len(signature) == 64, code)
    masked(code, sodium.crypto_sign_open, signature + message, key, of=CryptoError)
def sign_key(key):  # "Device keys"
    y = int.from_bytes(key, "little") % 2**255
    need(len(key) == 32 and y < P and y not in SMALL_Y, "KEY_FORMAT")
    return key
def box_key(key):
    pairs = [int.from_bytes(key[at:at + 3], "little") for at in range(0, 1152, 3)]
    u = int.from_bytes(key[1184:], "little")
    need(len(key) == 1216 and all(pair % 4096 < 3329 and pair >> 12 < 3329 for pair in pairs), "KEY_FORMAT")
    need(u < P and u not in SMALL_U, "KEY_FORMAT")
    return key
def device_id(sign, box): return hashed("deviceId", [sign_key(sign), box_key(box)])
def protected(chain, device): return bytes.fromhex("a20132045845825820") + chain + b"\x58\x20" + device  # "COSE_Sign1"
def sig_structure(purpose, network, chain, device, payload):
    return encode(["Signature1", protected(chain, device), bind(purpose, [network]), payload])
def sign1(data):
    need(len(data) <= 65536, "TOO_LARGE")
    start, chain, device = data[:80], data[13:45], data[47:79]
    fixed = bytes.fromhex("d284584b") + protected(chain, device) + b"\xa0"
    need(len(start) == 80, "DECODE_TRUNCATED")
    need(start == fixed or start[:6] + b"\x32" + start[7:] != fixed, "DOWNGRADE")
    need(start == fixed, "DECODE_SHAPE")
    need(data[80:], "DECODE_TRUNCATED")
    need(data[80] >> 5 == 2, "DECODE_SHAPE")
    decoder = Decoder(data[80:])
    payload, rest = decoder.value(), data[80 + decoder.at:]
    need(rest[:2] == b"\x58\x40"[:len(rest)], "DECODE_SHAPE")
    need(len(rest) >= 66, "DECODE_TRUNCATED")
    need(len(rest) == 66, "DECODE_TRAILING")
    return chain, device, payload, rest[2:]
def to_base64(data): return base64.b64encode(data).decode()
def from_base64(data, code):  # RFC 4648 §4 with padding and zero spare bits
    found = masked(code, lambda: base64.b64decode(data, validate=True), of=ValueError)
    need(to_base64(found) == data, code)
    return found
COVERED = '("@method" "@target-uri" "content-digest");created=%s;keyid="%s:%s";tag="sealchart/v1/request"'  # "Requests"
COVERED_FORM = re.sub(r"([()])", r"\\\1", COVERED) % ("(0|[1-9][0-9]{0,11})", "([0-9a-f]{64})", "([0-9a-f]{64})")
TARGET = r"(https?://)([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?(/[!$%-;=@A-Z\[\]_a-z|~]*)(\?[!$-&(-;=?-~]*)?"
def is_target(url):
    parts = re.fullmatch(TARGET, url)
    return (parts and (parts[1], parts[3]) not in (("http://", ":80"), ("https://", ":443"))
            and int((parts[3] or ":0")[1:]) < 65536 and not re.search(r"/(\.|%2e){1,2}(/|$)", parts[4], re.IGNORECASE))
def content_digest(body): return f"sha-256=:{to_base64(sha256(body))}:"
def signature_base(method, url, body, *parameters):
    return (f'"@method": {method}\n"@target-uri": {url}\n"content-digest": {content_digest(body)}\n'
            f'"@signature-params": {COVERED % parameters}').encode()
def verify_request(method, url, body, headers, now, known):
    named = re.fullmatch("sealchart=" + COVERED_FORM, headers.get("signature-input", ""))
    sent = re.fullmatch("sealchart=:(.*):", headers.get("signature", ""))
    need(named and sent and re.fullmatch("[A-Z]{1,16}", method) and is_target(url), "REQUEST_SIGNATURE")
    created, chain, device = int(named[1]) * 1000, *map(bytes.fromhex, named.groups()[1:])
    signature = from_base64(sent[1], "REQUEST_SIGNATURE")
    need(len(signature) == 64, "REQUEST_SIGNATURE")
    need(abs(created - now) <= 300_000, "REQUEST_EXPIRED")
    need(headers.get("content-digest") == content_digest(body), "REQUEST_DIGEST")
    key = next((key for *of, key in known if of == [chain, device]), b"")
    verify("REQUEST_SIGNATURE", key, signature_base(method, url, body, *named.groups()), signature)
    return {"chain": chain, "device": device, "created": created}

# ==== entries.md ======================================================================================================
KINDS = {word: number for number, word in enumerate(  # "Kinds and types"
    "network institution member registration team record access".split(), 1)}
NAME, SECTION, BACK = text(1, 200), uint(0, 256), struct(to=U32, sealed=octets(0, 256))
BOX = shape(lambda item: type(item) is bytes and len(item) == 1216, box_key)
KEYS = struct(sign=shape(lambda item: type(item) is bytes and len(item) == 32, sign_key), box=BOX)
ATTACHED = struct(digest=HASH, length=U32, count=uint(0, 65536))
WRAPS = struct(attached=ATTACHED, root=HASH, asOf=uint())
TRAIL, NEXT = struct(epoch=U32, key=BOX, back=maybe(BACK)), struct(epoch=U32, key=BOX, back=BACK)
EPOCHS = many(struct(section=SECTION, epoch=U32, commitment=HASH, back=maybe(BACK), until=maybe(TIME)), 257)
CONTENTS = many(struct(section=SECTION, epoch=U32, object=ATTACHED), 257)
STARTS, ACCESS = dict(epochs=EPOCHS, contents=CONTENTS), dict(record=HASH, grant=maybe(HASH), credential=HASH)
SECTIONS, HASHES, CLAIMS = many(SECTION, 256, 1), many(HASH, 256, 1), many(struct(name=text(1, 40), hash=HASH), 16)
def either(*words): return shape(lambda item: item in words)
SEATS = dict(high=256, inner=struct(member=HASH, institution=HASH, role=either("admin", "member")))
ADMIT, APPOINT = struct(institution=HASH, founding=HASH), struct(keys=KEYS, proof=octets(64))
APPROVE, SETTLE = struct(proposal=HASH), struct(proposal=HASH, approvals=many(HASH, 12))
VIEW = struct(**ACCESS, version=uint(), sections=SECTIONS, trailEpoch=U32)
BODIES = {  # "Bodies"
    "network found": struct(keys=KEYS, nonce=HASH, name=NAME, origin=NAME, logKey=HASH, relay=text(1, 500)),
    "network admit": ADMIT,
    "network remove": struct(institution=HASH),
    "network relay": struct(relay=text(1, 500)),
    "network propose": struct(admit=maybe(ADMIT), remove=maybe(HASH), quorum=maybe(uint(0, 12))),
    "network approve": APPROVE,
    "network settle": SETTLE,
    "institution found": struct(keys=KEYS, nonce=HASH, name=NAME),
    "institution appoint": APPOINT,
    "institution dismiss": struct(device=HASH, since=uint()),
    "member found": struct(keys=KEYS, nonce=HASH, epochKey=BOX, wraps=WRAPS),
    "member credential": struct(institution=HASH, claims=CLAIMS, registration=maybe(HASH), notBefore=TIME, until=TIME),
    "member accept": struct(credential=HASH),
    "member withdraw": struct(credential=HASH),
    "member devices": struct(adds=many(APPOINT, 16), removes=many(HASH, 16), epoch=maybe(NEXT), wraps=WRAPS),
    "member refresh": struct(epoch=NEXT, wraps=WRAPS),
    "member names": struct(),
    "registration bind": struct(credential=HASH),
    "registration rebind": struct(member=HASH, credential=HASH),
    "registration propose": struct(credential=HASH),
    "registration approve": APPROVE,
    "registration object": struct(proposal=HASH, credential=HASH),
    "registration settle": SETTLE,
    "team found": struct(founder=HASH, nonce=HASH, credential=HASH,
                         purpose=either("department", "on-call", "consultation"), name=maybe(NAME), until=maybe(TIME),
                         seats=many(**SEATS, low=1), epochKey=BOX, wraps=WRAPS),
    "team change": struct(credential=HASH, adds=many(**SEATS), removes=many(HASH, 1000), epoch=maybe(NEXT),
                          wraps=WRAPS),
    "team refresh": struct(credential=HASH, leaves=many(HASH, 1000), epoch=NEXT, wraps=WRAPS),
    "team stale": struct(member=HASH, credential=maybe(HASH)),
    "team appoint": struct(credential=HASH, member=HASH),
    "team dismiss": struct(credential=HASH, member=HASH),
    "team close": struct(credential=HASH),
    "record create": struct(founder=HASH, nonce=HASH, credential=HASH, trail=TRAIL, **STARTS, wraps=WRAPS),
    "record publish": struct(credential=HASH, grant=maybe(HASH), version=uint(), trail=maybe(TRAIL), **STARTS,
                             wraps=maybe(WRAPS)),
    "record grant": struct(credential=HASH, source=maybe(HASH), recipient=HASH, capacity=maybe(HASH),  # source: `from`
                           sections=SECTIONS, actions=uint(0, 63), notBefore=TIME, until=maybe(TIME), wraps=WRAPS),
    "record revoke": struct(credential=HASH, mode=either("revoke", "recall"), grants=HASHES,
                            trail=TRAIL, **STARTS, wraps=WRAPS),
    "access view": VIEW, "access download": VIEW, "access note": struct(**ACCESS, trailEpoch=U32)}
PAYLOAD = struct(  # "Layout"
    format=uint(1, 1), kind=uint(), chain=HASH, sequence=uint(), previous=maybe(HASH), time=TIME,
    seen=maybe(struct(size=uint(), root=HASH)), restsOn=many(struct(chain=HASH, sequence=uint(), link=HASH), 16),
    reserved=shape(lambda item: item is None), type=TEXT, body=many(lambda item: item), private=maybe(HASH))
BESIDE = many(struct(name=text(1, 40), salt=octets(16), value=text(0, 200)), 16)
class Entry:
    """The fields of the payload, kind in words; signer (a chain) and device; both hashes."""
    def __init__(self, data):
        self.signer, self.device, self.payload, self.signature = sign1(data)
        self.hash, self.link = hashed_object("entryHash", data), hashed_object("linkHash", data)  # "Hashes"
        item = decode(self.payload)
        need(type(item) is not list or not item or type(item[0]) is not int or item[0] == 1, "DOWNGRADE")
        vars(self).update(PAYLOAD(item)._asdict())
        self.kind = next((word for word, number in KINDS.items() if number == self.kind), None)
        self.name = f"{self.kind} {self.type}"
        self.founds = self.type in ("found", "create") or self.name == "registration bind" and self.sequence == 0
        need(self.name in BODIES, "DECODE_SHAPE")
        self.body = BODIES[self.name](self.body)
    def verify(self, key, network):
        verify("SIG", key, sig_structure("entry", network, self.signer, self.device, self.payload), self.signature)
def chain_id(network, founder, nonce): return hashed("chainId", [network, founder, nonce])  # "Identifiers"
def registration(network, board, number):
    need(re.fullmatch("[a-z0-9-]{1,40}", board) and re.fullmatch("[A-Z0-9-]{1,40}", number), "USAGE")
    hash = hashed("registration", [network, board, number])
    return {"hash": hash, "chain": hashed("registrationChain", [network, hash])}
def claims_beside(member, claims, beside):  # "Claims"
    found = BESIDE(decode(beside, 4096))
    need([(claim.name, hashed("claim", [member, *claim])) for claim in found] == CLAIMS(claims), "CRED_BINDING")
    return found

# ==== log.md ==========================================================================================================
def slot_after(link): return hashed("slot", [link])  # "Slots"
def founding_slot(chain): return hashed("foundingSlot", [chain])
def access_start(record): return hashed("accessStart", [record])
def access_link(previous, number, entryHash):
    need(number >= 1, "USAGE")
    return hashed("accessLink", [previous, number, entryHash])
ENTRY_LEAF, SEAL_LABEL = struct(slot=HASH, entryHash=HASH), label("seal").decode()  # "Leaves"
SEAL = struct(first=uint(), size=uint(), time=TIME, prefixRoot=maybe(HASH))
def seal_of(fields):
    seal = SEAL(fields)
    need(seal.first + 2 <= seal.size, "DECODE_SHAPE")
    return seal
def leaf(bytes):
    item = decode(bytes, 80, depth=1)
    is_seal = type(item) is list and item[:1] == [SEAL_LABEL]
    fields = (seal_of(item[1:]) if is_seal else ENTRY_LEAF(item))._asdict()
    return {"kind": "seal" if is_seal else "entry", **fields, "leafHash": leaf_hash(bytes)}
def in_batch(index, seal):  # "Seals and log time"
    need(seal.first <= index < seal.size - 1, "TIME")
    return seal.time
def read_seals(seals):
    size = time = 0
    for seal in seals:
        need(seal.first == size, "LOG_INCONSISTENT"); need(seal.time >= time, "TIME")
        size, time = seal.size, seal.time
    return {"size": size, "time": time}
def leaf_hash(data): return sha256(b"\0", data)  # "Tree"
def node_hash(left, right): return sha256(b"\1", left, right)
def split(size): return 1 << (size - 1).bit_length() - 1
def edge_of(hashes):
    edge = []
    for index, node in enumerate(hashes):
        while index & 1: node, index = node_hash(edge.pop(), node), index >> 1
        edge.append(node)
    return edge
def joined(edge):
    return functools.reduce(lambda right, left: node_hash(left, right), reversed(edge)) if edge else sha256()
def root_over(data): return joined(edge_of(map(leaf_hash, data)))
def need_hashes(hashes, code): need(all(len(item) == 32 for item in hashes), code)
def inclusion(size, root, index, leafHash, path):  # "Proofs": RFC 6962 §2.1.1
    code = "LOG_PROOF"
    need_hashes([root, leafHash, *path], code); need(index < size, code)
    def climb(index, size, path):
        need((size == 1) == (not path), code)
        if size == 1: return leafHash
        if index < split(size): return node_hash(climb(index, split(size), path[:-1]), path[-1])
        return node_hash(path[-1], climb(index - split(size), size - split(size), path[:-1]))
    need(climb(index, size, path) == root, code)
def consistency(old, new, proof):  # RFC 6962 §2.1.2
    code, ends = "LOG_INCONSISTENT", (old["root"], new["root"])
    need_hashes([*ends, *proof], code); need(1 <= old["size"] <= new["size"], code)
    def roots(first, size, proof, left):  # of the first leaves of a range, and of all; left: from leaf 0 on
        if first == size:
            need(len(proof) == (0 if left else 1), code)
            return [ends[0]] * 2 if left else proof * 2
        need(proof, code)
        half, other = split(size), proof[-1]
        if first > half: return [node_hash(other, root) for root in roots(first - half, size - half, proof[:-1], False)]
        older, newer = roots(first, half, proof[:-1], left)
        return [older, node_hash(newer, other)]
    need(roots(old["size"], new["size"], proof, True) == [*ends], code)
def batch(size, root, leaves, nodes):  # "Batch proofs"
    code, left = "LOG_PROOF", list(reversed(nodes))
    need_hashes([root, *nodes, *(leaf for _, leaf in leaves)], code)
    need(leaves and ascending([index for index, _ in leaves]) and leaves[-1][0] < size, code)
    def visit(start, end, leaves):
        count = (end - start).bit_count()
        if not leaves:
            need(len(left) >= count, code)
            return joined([left.pop() for _ in range(count)])
        if end - start == 1: return leaves[0][1]
        middle = start + split(end - start)
        return node_hash(visit(start, middle, [item for item in leaves if item[0] < middle]),
                         visit(middle, end, [item for item in leaves if item[0] >= middle]))
    need(visit(0, size, leaves) == root and not left, code)
LogKey = namedtuple("LogKey", "name id publicKey")  # "Signed notes"
def is_name(name): return 1 <= len(name.encode()) <= 255 and not re.search(r"[\s+\0-\x1f]", name)
def verifier_key(text):
    name, id, key = (text.split("+", 2) + ["", ""])[:3]
    key = from_base64(key, "KEY_FORMAT")
    made = LogKey(name, sha256(name.encode(), b"\n", key)[:4], key[1:])
    need(is_name(name) and len(key) == 33 and key[0] == 1 and id == made.id.hex(), "KEY_FORMAT")
    return made
def signed_text(note, key):
    code = "CHECKPOINT"
    need(len(note) <= 65536, code)
    body, gap, lines = masked(code, note.decode, of=UnicodeDecodeError).rpartition("\n\n")
    need(gap and lines.endswith("\n") and not re.search("[\0-\x09\x0b-\x1f]", body + lines), code)
    signatures = [re.fullmatch("— ([^ ]+) ([^ ]+)", line) for line in lines[:-1].split("\n")]
    need(len(signatures) <= 32 and all(line and is_name(line[1]) for line in signatures), code)
    signatures = [(line[1], from_base64(line[2], code)) for line in signatures]
    need(all(len(data) > 4 for _, data in signatures), code)
    ours = [data[4:] for name, data in signatures if (name, data[:4]) == key[:2]]
    need(ours, code)
    for signature in ours: verify(code, key.publicKey, (body + "\n").encode(), signature)
    return body + "\n"
def checkpoint(note, key, code="CHECKPOINT"):  # "Checkpoints"
    fields = re.fullmatch("([^\n]*)\n(0|[1-9][0-9]{0,15})\n([^\n]*)\n", signed_text(note, key))
    need(fields and fields[1] == key.name and int(fields[2]) <= MAX, code)
    size, root = int(fields[2]), from_base64(fields[3], code)
    need(len(root) == 32 and (size > 0 or root == sha256()), code)
    return {"size": size, "root": root}
def tile_path(path):  # "Tiles"
    form = re.fullmatch("tile/([0-6]|entries)/((?:x[0-9]{3}/)*[0-9]{3})(?:[.]p/([1-9][0-9]{0,2}))?", path)
    need(form and not form[2].startswith("x000") and int(form[3] or 0) < 256, "DECODE_SHAPE")
    level, index, width = form[1], int(re.sub("[x/]", "", form[2])), int(form[3] or 256)
    need(256 * index + width << 8 * int(level.replace("entries", "0")) <= MAX, "DECODE_SHAPE")
    return {"level": level if level == "entries" else int(level), "index": index, "width": width}

# ==== rules.md ========================================================================================================
def fact(fields): return namedtuple("Fact", fields)  # "Facts": a key is a tuple, for example ("device", id)
Founded, Device, Holder = fact("kind link"), fact("sign role since voidFrom keyHash"), fact("grants")
Devices, Epoch, Viewed = fact("listed changes"), fact("epoch key keyHash wraps index"), fact("index")
Admission, Quorum, Approval = fact("founding admitted removed"), fact("needed institutions"), fact("device index")
Proposal = fact("admit remove quorum time settled")
Credential = fact("institution issuer registration index notBefore until state")
Registration, Move = fact("member since"), fact("member credential institution index time objected")
Team = fact("purpose institution until members admins out stale closed")
Seat = fact("institution role since out left")
Founder, Counters = fact("member create institution index wraps"), fact("version grants sections files")
Trail, Section = fact("epoch keyHash index"), fact("epoch commitment index wraps until")
Content = fact("version epoch object")
Grant = fact("source depth recipient institution sections actions notBefore until index wraps ended")
ACTIONS = {"view": 1, "download": 2, "note": 4, "write": 8, "share": 16, "trail": 32}
MINUTE, DAY = 60_000, 86_400_000
Placed = namedtuple("Placed", "entry number previous link index time")  # an entry in its place, and its log time
class Chain:
    """What is known of a chain, by number: entries, links, the last index that rests on it, and versions of facts."""
    def __init__(self): self.placed, self.links, self.rested, self.facts = {}, {}, Counter(), defaultdict(dict)
    def fact(self, key, number=MAX):
        versions = self.facts.get(key, {})
        return versions.get(max((known for known in versions if known <= number), default=None))
FACTS = {"founded": Founded, "device": Device, "holder": Holder, "viewed": Viewed, "institution": Admission,
         "epoch": Epoch, "credential": Credential, "founder": Founder, "counters": Counters, "trail": Trail,
         "section": Section, "grant": Grant, "team": Team, "seat": Seat, "devices": Devices, "quorum": Quorum,
         "approval": Approval, "registration": Registration, "move": Move,
         "proposal": lambda admit, *rest: Proposal(maybe(ADMIT)(admit), *rest),
         "content": lambda version, epoch, object: Content(version, epoch, ATTACHED(object))}
def read_fact(key, data):
    made = FACTS.get(key.split("/")[0])
    return made(*decode(data)) if made else decode(data)
def read_key(text):
    name, *parts = text.split("/")
    return name, *(bytes.fromhex(part) if len(part) == 64 else part if at else int(part)
                   for at, part in enumerate(parts))
def key_text(key): return "/".join({bytes: bytes.hex, int: "{:03}".format, str: str}[type(part)](part) for part in key)
PROVEN = struct(index=uint(), bytes=octets(0, MAX), access=maybe(struct(number=uint(), previous=HASH)))
MANY = 2**20
ANSWER = struct(checkpoint=octets(0, 65536), consistency=many(HASH, 64), entries=many(PROVEN, MANY),
                seals=many(SEAL, MANY), nodes=many(HASH, MANY))
def check_seals(seals):
    need(all(seal.first + 2 <= seal.size for seal in seals), "LOG_INCONSISTENT")
    for one, other in zip(seals, seals[1:]):
        need(one.size <= other.first, "LOG_INCONSISTENT"); need(one.time <= other.time, "TIME")
class Ledger:  # "Verifying"; after a refusal the whole ledger is dropped
    def __init__(self, network, founding, key, pins, tree):
        self.network, self.key, self.tree, self.seals, self.chains = network, key, tree, set(), defaultdict(Chain)
        self.founding, self.pins = founding, {(chain, number): link for chain, number, link in pins}
    def take(self, data):
        answer = ANSWER(decode(data))
        tree, before = checkpoint(answer.checkpoint, self.key), self.tree  # 1
        before = before if before and before["size"] else None
        if before: need(tree["size"] >= before["size"], "ROLLBACK")
        if before and tree["size"] > before["size"]: consistency(before, tree, answer.consistency)
        elif before: need(tree == before, "FORK")
        self.tree = tree
        check_seals(answer.seals)  # 2, in the order of log.md "Proven entries"
        leaves = [(seal.size - 1, leaf_hash(encode([SEAL_LABEL, *seal]))) for seal in answer.seals]
        placed, last = [], -1
        for index, data, access in answer.entries:
            need(index > last, "LOG_PROOF")
            seal, last = next((seal for seal in answer.seals if seal.size - 1 > index), None), index
            need(seal, "LOG_MISSING")
            entry = Entry(data)
            number, previous = access or (entry.sequence, entry.previous)
            need((entry.kind == "access") == bool(access) and not (access and number == 0), "LOG_PROOF")
            link = access_link(previous, number, entry.hash) if access else entry.link
            placed.append(Placed(entry, number, previous, link, index, in_batch(index, seal)))
            slot = founding_slot(entry.chain) if previous is None else slot_after(previous)
            leaves.append((index, leaf_hash(encode([slot, entry.hash]))))
        if leaves or answer.nodes: batch(**tree, leaves=sorted(leaves), nodes=answer.nodes)
        self.seals |= set(answer.seals)
        check_seals(sorted(self.seals, key=lambda seal: seal.first))
        for it in placed: self.add(it)  # 3
        return placed
    def add(self, it):
        entry, chain = it.entry, self.chains[it.entry.chain]
        if it.number in chain.placed:  # 3.1
            known = chain.placed[it.number]
            return need((known.link, known.index) == (it.link, it.index), "FORK")
        said = [(it.number, it.link), (it.number - 1, it.previous), (entry.sequence, entry.previous)]
        if entry.kind != "access": del said[2]
        need(entry.name != "network found" or entry.link == self.founding, "FORK")  # 3.2
        need(all(self.pins.get((entry.chain, number), link) == link for number, link in said), "FORK")
        if entry.kind == "access":  # "Access logs"
            chain.links[0], others = entry.chain, chain.placed.values()
            need(all(chain.links.get(number, link) == link for number, link in said), "CHAIN")
            need(all((other.number < it.number) == (other.index < it.index) for other in others), "CHAIN")
            need(entry.sequence < it.number, "SEQ")
            need(all(other.entry.hash != entry.hash for other in others), "FORK")
            need(all(chain.links.setdefault(number, link) == link for number, link in said), "CHAIN")
        elif it.number > 0:  # 3.3
            before = chain.placed.get(it.number - 1)
            need(before, "LOG_MISSING"); need(before.link == it.previous and before.index < it.index, "CHAIN")
            need(chain.rested[before.number] < it.index, "STALE_AUTHORITY")
        for rest in entry.restsOn:  # 3.4
            other = self.chains[rest.chain]
            state, after = other.placed.get(rest.sequence), other.placed.get(rest.sequence + 1)
            if entry.kind == "record" and rest.chain == access_start(entry.chain): continue
            need(state, "LOG_MISSING"); need(state.link == rest.link, "CHAIN")
            need(state.index < it.index and not (after and after.index < it.index), "STALE_AUTHORITY")
            other.rested[rest.sequence] = max(other.rested[rest.sequence], it.index)
        judge = Judge(self, it)
        entry.verify(judge.signer_key(), None if entry.name == "network found" else self.network)  # 3.5
        judge.apply()  # 3.6
        chain.placed[it.number] = it
def comes_from(grant, find):
    while grant.source: yield (grant := find(grant.source))
class Judge:
    """One entry, with all that its rule may see ("What enters")."""
    def __init__(self, ledger, it):
        self.chains, self.network, self.e, self.number, self.index, self.time = (
            ledger.chains, ledger.network, it.entry, it.number, it.index, it.time)
        self.seen = {rest.chain: rest.sequence for rest in self.e.restsOn} | {self.e.chain: it.number}
    def fact(self, chain, *key):
        need(chain in self.seen, "RULE")
        return self.chains[chain].fact(key, self.seen[chain])
    def own(self, *key): return self.fact(self.e.chain, *key)
    def put(self, fact, *key): self.chains[self.e.chain].facts[key][self.number] = fact
    def change(self, fits, *key, **fields):
        fact = self.own(*key)
        need(fact and fits(fact), "RULE"); self.put(fact._replace(**fields), *key)
        return fact
    def lasts(self, until): return until is None or self.time < until
    def signer_key(self):  # "Signers"
        e = self.e
        if e.type == "found" and e.kind != "team":
            need((e.signer, e.device) == (e.chain, device_id(*e.body.keys)), "BINDING")
            return e.body.keys.sign
        device = self.fact(e.signer, "device", e.device)
        need(device and (device.role != "member" or device.voidFrom is None), "BINDING")
        return device.sign
    def apply(self):  # "Applying an entry"
        e, b, wraps = self.e, self.e.body, getattr(self.e.body, "wraps", None)
        need(abs(e.time - self.time) <= 5 * MINUTE, "CLOCK")  # 1
        need((not e.seen or e.seen.size <= self.index) and (not wraps or wraps.asOf <= self.index), "RULE")  # 2
        need(e.kind == "access" or e.founds == (e.sequence == 0), "SEQ")  # 3
        need(e.founds == (e.previous is None), "CHAIN")  # 4
        founded = self.own("founded")
        need(e.founds or e.kind == "access" or founded and founded.kind == KINDS[e.kind], "BINDING")  # 5
        need(e.kind != "member" or {1: "credential", 2: "accept"}.get(e.sequence, e.type) == e.type, "RULE")  # 6
        chains = [rest.chain for rest in e.restsOn]
        need(e.chain not in chains and len(set(chains)) == len(chains), "RULE")  # 7
        beside = getattr(b, "record", None) if getattr(b, "mode", None) != "recall" else access_start(e.chain)
        kinds = [self.fact(chain, "founded") for chain in chains if chain != beside]
        fit = {1, 2, 3} | ({KINDS["team"]} if e.kind in ("record", "access") else set())
        need(all(founded and founded.kind in fit for founded in kinds), "RULE")
        self.signer_key()  # 8
        if e.founds: self.put(Founded(KINDS[e.kind], e.link), "founded")
        getattr(self, e.name.replace(" ", "_"))(e, b)
    def root(self):
        need(self.e.signer == self.e.chain and self.own("device", self.e.device).role == "root", "ROLE")
    def stands(self, device, institution, index):
        listed = self.fact(institution, "device", device)
        need(listed, "ROLE"); need(listed.voidFrom is None or listed.voidFrom > index, "CRED_REVOKED")
        admitted = self.fact(self.network, "institution", institution)
        need(admitted, "ROLE"); need(admitted.removed is None, "CRED_REVOKED")
        need(self.fact(institution, "founded").link == admitted.founding, "BINDING")
    def issuer(self, institution):
        need(self.e.signer == institution, "ROLE")
        self.stands(self.e.device, institution, self.index)
    def holds(self, member, credential):  # "Credentials"
        held = self.fact(member, "credential", credential)
        need(held and held.state != "offered", "CRED_BINDING"); need(held.state != "withdrawn", "CRED_REVOKED")
        need(held.notBefore <= self.time < held.until, "CRED_EXPIRED")
        self.stands(held.issuer, held.institution, held.index)
        return held.institution
    def institution(self):  # "Quorums"
        self.stands(self.e.device, self.e.signer, self.index)
        need(self.fact(self.e.signer, "device", self.e.device).role == "root", "ROLE")
    def counted(self, b, least):
        need(len(b.approvals) >= least >= 1, "RULE"); need(ascending(b.approvals), "RULE")
        for chain in b.approvals:
            approval = self.own("approval", b.proposal, chain)
            need(approval, "RULE")
            if chain != self.network: self.stands(approval.device, chain, approval.index)
    def approval(self, b): self.put(Approval(self.e.device, self.index), "approval", b.proposal, self.e.signer)
    def found(self, e, b, network, role):
        need(e.chain == chain_id(network, e.device, b.nonce), "BINDING")
        self.list(b.keys, role)
    def list(self, keys, role):
        self.put(Device(keys.sign, role, self.index, None, sha256(keys.box)), "device", device_id(*keys))
    def appointed(self, new, role):
        need(not self.own("device", device_id(*new.keys)), "RULE")
        verify("BINDING", new.keys.sign, bind("enrolment", [self.network, self.e.chain, *new.keys]), new.proof)
        self.list(new.keys, role)
    def network_found(self, e, b):  # "Network"
        self.found(e, b, None, "root"); need(e.chain == self.network, "BINDING")
        self.put(b.name, "name"); self.put(b.relay, "relay"); self.put([b.origin, b.logKey], "log")
        self.put(Quorum(0, 0), "quorum")
    def alone(self):
        self.root(); need(self.own("quorum").needed == 0, "ROLE")
    def admitting(self, b):
        need(not self.own("institution", b.institution), "RULE")
        self.put(Admission(b.founding, self.index, None), "institution", b.institution)
        quorum = self.own("quorum")
        self.put(quorum._replace(institutions=quorum.institutions + 1), "quorum")
    def removing(self, institution):
        self.change(lambda admitted: admitted.removed is None, "institution", institution, removed=self.index)
        left = self.own("quorum").institutions - 1
        self.change(lambda quorum: left >= quorum.needed, "quorum", institutions=left)
    def network_admit(self, e, b):
        self.alone(); self.admitting(b)
    def network_remove(self, e, b):
        self.alone(); self.removing(b.institution)
    def network_relay(self, e, b):
        self.root(); self.put(b.relay, "relay")
    def network_propose(self, e, b):
        self.root() if e.signer == e.chain else self.institution()
        need(sum(said is not None for said in b) == 1, "RULE")
        self.put(Proposal(*b, self.time, False), "proposal", e.hash)
    def proposal(self, b):
        found = self.own("proposal", b.proposal)
        need(found and not found.settled and self.time < found.time + 30 * DAY, "RULE")
        return found
    def network_approve(self, e, b):
        self.proposal(b); self.institution(); self.approval(b)
    def network_settle(self, e, b):
        found = self.proposal(b)
        self.counted(b, max(self.own("quorum").needed, found.quorum or 0))
        if found.admit: self.admitting(found.admit)
        elif found.remove: self.removing(found.remove)
        else: self.put(self.own("quorum")._replace(needed=found.quorum), "quorum")
        self.put(found._replace(settled=True), "proposal", b.proposal)
    def institution_found(self, e, b):  # "Institution"
        self.found(e, b, self.network, "root"); self.put(b.name, "name")
    def institution_appoint(self, e, b):
        self.root(); self.appointed(b, "issuer")
    def institution_dismiss(self, e, b):
        self.root(); need(b.since <= self.index, "RULE")
        self.change(lambda device: device.role == "issuer" and (device.voidFrom is None or device.voidFrom > b.since),
                    "device", b.device, voidFrom=b.since)
    def member_found(self, e, b):  # "Member"
        self.found(e, b, self.network, "member")
        self.put(Devices(1, []), "devices"); self.epoch(0, b.epochKey, b)
    def epoch(self, number, key, b):
        self.put(Epoch(number, key, sha256(key), b.wraps.attached.digest, self.index), "epoch")
    def next_epoch(self, b):  # "Team"
        need(b.epoch.epoch == self.own("epoch").epoch + 1, "SEQ"); need(b.epoch.back.to < b.epoch.epoch, "RULE")
        self.epoch(b.epoch.epoch, b.epoch.key, b)
    def member_credential(self, e, b):
        self.issuer(b.institution)
        need(len({claim.name for claim in b.claims}) == len(b.claims), "RULE")
        need(0 < b.until - b.notBefore <= 400 * DAY, "RULE")
        self.put(Credential(b.institution, e.device, b.registration, self.index, b.notBefore, b.until, "offered"),
                 "credential", e.hash)
    def member_accept(self, e, b):
        need(e.signer == e.chain, "ROLE")
        self.change(lambda credential: credential.state == "offered", "credential", b.credential, state="accepted")
    def member_withdraw(self, e, b):
        self.issuer(self.change(lambda credential: credential.state != "withdrawn", "credential", b.credential,
                                state="withdrawn").institution)
    def herself(self): need(self.e.signer == self.e.chain, "ROLE")  # "Devices"
    def often(self, listed, counted):
        changes = self.own("devices").changes
        if counted: changes = [time for time in changes if self.time - DAY < time] + [self.time]
        need(len(changes) <= 10, "LIMIT"); self.put(Devices(listed, changes), "devices")
    def member_devices(self, e, b):
        self.herself()
        need((b.adds or b.removes) and ascending([device_id(*new.keys) for new in b.adds]), "RULE")
        need(ascending(b.removes) and e.device not in b.removes, "RULE")
        for device in b.removes:
            self.change(lambda device: device.voidFrom is None, "device", device, voidFrom=self.index)
        for new in b.adds: self.appointed(new, "member")
        need(b.epoch or not b.removes, "STALE_EPOCH")
        listed = self.own("devices").listed + len(b.adds) - len(b.removes)
        need(listed <= 16, "LIMIT"); self.often(listed, bool(b.adds))
        if b.epoch: self.next_epoch(b)
    def member_refresh(self, e, b):
        self.herself(); self.often(self.own("devices").listed, True); self.next_epoch(b)
    def member_names(self, e, b):
        self.herself(); need(e.private is not None, "RULE")
    def numbered(self, member, credential):  # "Registration"
        institution, number = self.holds(member, credential), self.fact(member, "credential", credential).registration
        need(number and hashed("registrationChain", [self.network, number]) == self.e.chain, "CRED_BINDING")
        return institution
    def bound(self): need(self.e.signer == self.own("registration").member, "ROLE")
    def registration_bind(self, e, b):
        self.numbered(e.signer, b.credential)
        bound = self.own("registration")
        need(not bound or bound.member == e.signer, "BINDING")
        if not bound: self.put(Registration(e.signer, self.index), "registration")
    def registration_rebind(self, e, b):
        self.bound(); self.numbered(b.member, b.credential)
        self.put(Registration(b.member, self.index), "registration")
    def registration_propose(self, e, b):
        institution = self.numbered(e.signer, b.credential)
        self.put(Move(e.signer, b.credential, institution, self.index, self.time, False), "move", e.hash)
    def move(self, b):
        move = self.own("move", b.proposal)
        need(move and move.index > self.own("registration").since and not move.objected, "RULE")
        need(self.time < move.time + 30 * DAY, "RULE")
        return move
    def registration_approve(self, e, b):
        need(e.signer != self.move(b).institution, "ROLE")
        if e.signer != self.network: self.stands(e.device, e.signer, self.index)
        self.approval(b)
    def registration_object(self, e, b):
        move = self.move(b)
        self.bound(); self.numbered(e.signer, b.credential)
        self.put(move._replace(objected=True), "move", b.proposal)
    def registration_settle(self, e, b):
        move = self.move(b)
        need(e.signer == move.member, "ROLE"); need(self.time >= move.time + 14 * DAY, "RULE")
        self.numbered(e.signer, move.credential)
        self.counted(b, max(2, self.fact(self.network, "quorum").needed))
        self.put(Registration(e.signer, self.index), "registration")
    def open(self, team):  # "Team"
        need(team, "RULE"); need(team.closed is None and self.lasts(team.until), "TEAM_CLOSED")
        return team
    def team(self): return self.open(self.own("team"))
    def seated(self, member, team=None):
        seat = self.fact(team or self.e.chain, "seat", member)
        return seat if seat and seat.left is None else None
    def seat(self, e, b, *roles):
        team, seat = self.team(), self.seated(e.signer)
        need(seat and not seat.out and seat.role in roles, "ROLE")
        need(self.holds(e.signer, b.credential) == seat.institution, "ROLE")
        return team
    def moved(self, team, adds, leaves):
        left = [self.seated(member) for member in leaves]
        for member, seat in zip(leaves, left): self.put(seat._replace(left=self.index), "seat", member)
        for seat in adds: self.put(Seat(seat.institution, seat.role, self.index, False, None), "seat", seat.member)
        admins = sum(seat.role == "admin" for seat in adds) - sum(it.role == "admin" and not it.out for it in left)
        return team._replace(members=team.members + len(adds) - len(left), out=team.out - sum(it.out for it in left),
                             admins=team.admins + admins)
    def turned(self, team, b):
        self.next_epoch(b)
        return team._replace(stale=None)
    def team_found(self, e, b):
        need(e.chain == chain_id(self.network, b.founder, b.nonce) and e.signer == b.founder, "BINDING")
        institution, consultation = self.holds(e.signer, b.credential), b.purpose == "consultation"
        need((b.name is None) == consultation, "RULE")
        need(not consultation or b.until is not None and e.private is not None, "RULE")
        need(self.lasts(b.until) and ascending([seat.member for seat in b.seats]), "RULE")
        need((e.signer, institution, "admin") in b.seats, "RULE")
        if b.name is not None: self.put(b.name, "name")
        self.epoch(0, b.epochKey, b)
        self.put(self.moved(Team(b.purpose, institution, b.until, 0, 0, 0, None, None), b.seats, []), "team")
    def team_change(self, e, b):
        team, added = self.seat(e, b, "admin"), [seat.member for seat in b.adds]
        need((b.adds or b.removes or b.epoch) and ascending(added) and ascending(b.removes), "RULE")
        need(e.signer not in b.removes, "RULE")
        need(all(map(self.seated, b.removes)) and not any(map(self.seated, added)), "RULE")
        need(b.epoch or not b.removes and team.stale is None, "STALE_EPOCH")
        team = self.moved(team, b.adds, b.removes)
        need(not b.epoch or team.out == 0, "STALE_EPOCH")
        need(team.members <= 1000, "LIMIT")
        self.put(self.turned(team, b) if b.epoch else team, "team")
    def team_refresh(self, e, b):
        team = self.seat(e, b, "admin", "member")
        need(team.stale is not None and ascending(b.leaves), "RULE")
        need(all(seat and seat.out for seat in map(self.seated, b.leaves)), "RULE")
        team = self.moved(team, [], b.leaves)
        need(team.out == 0, "STALE_EPOCH")
        self.put(self.turned(team, b), "team")
    def team_stale(self, e, b):
        team, seat, out = self.team(), self.seated(b.member), b.credential is not None or e.signer != b.member
        need(seat and not seat.out, "RULE")
        if b.credential:
            held = self.fact(b.member, "credential", b.credential)
            need(held and held.state != "offered" and held.institution == seat.institution, "RULE")
            self.issuer(seat.institution)
            void = self.fact(held.institution, "device", held.issuer).voidFrom
            need(held.state == "withdrawn" or void is not None and void <= held.index, "RULE")
        elif out:
            teller = self.seated(e.signer)
            need(teller and not teller.out, "ROLE")
            admitted = self.fact(self.network, "institution", seat.institution)
            need(admitted and admitted.removed is not None, "RULE")
        else:
            need(team.stale is None and self.fact(b.member, "epoch").index > self.own("epoch").index, "RULE")
        if out: self.put(seat._replace(out=True), "seat", b.member)
        self.put(team._replace(out=team.out + out, admins=team.admins - (out and seat.role == "admin"),
                               stale=self.index if team.stale is None else team.stale), "team")
    def team_appoint(self, e, b):
        team, seat, up = self.seat(e, b, "admin"), self.seated(b.member), e.type == "appoint"
        need(seat and not seat.out and seat.role == ("member" if up else "admin"), "RULE")
        need(up or team.admins > 1, "RULE")
        self.put(seat._replace(role="admin" if up else "member"), "seat", b.member)
        self.put(team._replace(admins=team.admins + (1 if up else -1)), "team")
    team_dismiss = team_appoint
    def team_close(self, e, b): self.put(self.seat(e, b, "admin")._replace(closed=self.index), "team")
    def founder(self, e, b):  # "Record"
        need(e.signer == self.own("founder").member, "ROLE"); self.holds(e.signer, b.credential)
    def record_create(self, e, b):
        need(e.chain == chain_id(self.network, b.founder, b.nonce) and e.signer == b.founder, "BINDING")
        institution = self.holds(e.signer, b.credential)
        need(all(start.until is None for start in b.epochs), "RULE")
        self.put(Counters(0, 0, 0, 0), "counters")
        self.epochs(b, add=True)
        need(len(b.contents) == len(b.epochs), "RULE")
        self.contents(b, 1)
        self.put(Founder(e.signer, e.hash, institution, self.index, b.wraps.attached.digest), "founder")
    def record_publish(self, e, b):
        need(b.version == self.own("counters").version + 1, "SEQ")
        if b.grant is None: self.founder(e, b)
        else:
            grant = self.granted(e.chain, b.grant, self.holds(e.signer, b.credential))
            touched = {part.section for part in b.epochs + b.contents} - {0}
            need(grant.actions & ACTIONS["write"] and touched <= set(grant.sections), "NOT_GRANTED")
        need((b.wraps is not None) == bool(b.epochs), "RULE")
        self.epochs(b, add=b.grant is None)
        need(b.contents, "RULE")
        for number in [0, *(content.section for content in b.contents)]:
            section = self.own("section", number)
            need(section, "RULE"); need(self.lasts(section.until), "STALE_EPOCH")
        self.contents(b, b.version)
    def record_grant(self, e, b):
        before, depth = None, 0
        if b.source is None: self.founder(e, b)
        else: before = self.granted(e.chain, b.source, self.holds(e.signer, b.credential))
        need(b.recipient not in (self.own("founder").member, e.signer), "RULE")
        need(ascending([0, *b.sections]) and b.actions & ACTIONS["view"], "RULE")
        need(self.lasts(b.until) and (b.until is None or b.until > b.notBefore), "RULE")
        def within(until): return until is None or b.until is not None and b.until <= until
        if before:
            depth = before.depth + 1
            need(before.actions & ACTIONS["share"] and not b.actions & ~before.actions, "NOT_GRANTED")
            need(set(b.sections) <= set(before.sections), "NOT_GRANTED")
            need(b.notBefore >= before.notBefore and within(before.until), "NOT_GRANTED")
            need(depth <= 8, "LIMIT")
        institution = self.holds(b.recipient, b.capacity) if b.capacity else None
        if not b.capacity:
            team = self.open(self.fact(b.recipient, "team"))
            need(team.stale is None, "STALE_EPOCH"); need(within(team.until), "RULE")
        counters, held = self.own("counters"), self.own("holder", b.recipient) or Holder(0)
        need(all(self.own("section", number) for number in b.sections), "RULE")
        need(counters.grants < 10_000 and held.grants < 8, "LIMIT")
        self.put(Grant(b.source, depth, b.recipient, institution, b.sections, b.actions, b.notBefore, b.until,
                       self.index, b.wraps.attached.digest, None), "grant", e.hash)
        self.put(counters._replace(grants=counters.grants + 1), "counters")
        self.put(Holder(held.grants + 1), "holder", b.recipient)
        for number in [0, *b.sections]:
            section = self.own("section", number)
            until = min((until for until in (section.until, b.until) if until is not None), default=None)
            self.put(section._replace(until=until), "section", number)
    def record_revoke(self, e, b):
        self.founder(e, b)
        self.epochs(b, add=False)
        grants = {hash: self.own("grant", hash) for hash in b.grants}
        need(len(grants) == len(b.grants) and all(grants.values()), "RULE")
        need(all(grant.ended is None for grant in grants.values()), "GRANT_ENDED")
        need(b.mode != "recall" or access_start(e.chain) in self.seen, "RULE")
        turned = {start.section for start in b.epochs}
        need(all(turned.issuperset(grant.sections) for grant in grants.values()), "RULE")
        need([content.section for content in b.contents] == [0], "RULE")
        self.contents(b, self.own("counters").version)
        for hash, grant in grants.items():
            self.put(grant._replace(ended=self.index), "grant", hash)
            self.put(Holder(self.own("holder", grant.recipient).grants - 1), "holder", grant.recipient)
        self.put(self.own("counters")._replace(grants=self.own("counters").grants - len(grants)), "counters")
    def start(self, start, now):  # "Sections"
        need(start.epoch == (now.epoch + 1 if now else 0), "SEQ")
        need((start.back is None) == (start.epoch == 0) and (not start.back or start.back.to < start.epoch), "RULE")
    def epochs(self, b, add):
        last, counters = -1, self.own("counters")
        for start in b.epochs:
            now = self.own("section", start.section)
            need(start.section > last and (now or add), "RULE"); self.start(start, now)
            need(self.lasts(start.until), "STALE_EPOCH")
            last, counters = start.section, counters._replace(sections=counters.sections + (now is None))
            started = Section(start.epoch, start.commitment, self.index, b.wraps.attached.digest, start.until)
            self.put(started, "section", start.section)
        need((b.trail is not None) == any(start.section == 0 for start in b.epochs), "RULE")
        self.put(counters, "counters")
        if b.trail:
            self.start(b.trail, self.own("trail"))
            self.put(Trail(b.trail.epoch, sha256(b.trail.key), self.index), "trail")
    def contents(self, b, version):
        sections, counters = [content.section for content in b.contents], self.own("counters")
        need(ascending(sections) and (not b.trail or sections[:1] == [0]), "RULE")
        for section, epoch, object in b.contents:
            now = self.own("section", section)
            need(now and now.epoch == epoch, "STALE_EPOCH")
            need(object.length <= (2**23 if section else 4096), "LIMIT")
        need({start.section for start in b.epochs if start.epoch == 0} <= set(sections), "RULE")
        for section, epoch, object in b.contents:
            before = self.own("content", section)
            more = object.count - (before.object.count if before else 0)
            counters = counters._replace(files=counters.files + (more if section else 0))
            self.put(Content(version, epoch, object), "content", section)
            self.put(Content(version, epoch, object), "content", section, str(version))
        need(counters.files <= 10_000, "LIMIT")
        self.put(counters._replace(version=version), "counters")
    def granted(self, record, hash, institution):  # "Grants"
        grant = self.fact(record, "grant", hash)
        need(grant and grant.notBefore <= self.time, "NOT_GRANTED")
        need(grant.ended is None and self.lasts(grant.until), "GRANT_ENDED")
        for before in comes_from(grant, lambda hash: self.fact(record, "grant", hash)):
            need(before.ended is None, "GRANT_ENDED")
            if before.institution is None: self.open(self.fact(before.recipient, "team"))
        if grant.institution: need(grant[2:4] == (self.e.signer, institution), "NOT_GRANTED")
        else:
            self.open(self.fact(grant.recipient, "team"))
            seat = self.seated(self.e.signer, grant.recipient)
            need(seat and not seat.out and seat.institution == institution, "NOT_GRANTED")
        return grant
    def access_note(self, e, b):  # "Access log"
        need(e.chain == access_start(b.record), "BINDING")
        founder = self.fact(b.record, "founder")
        need(founder, "RULE"); need(b.trailEpoch == self.fact(b.record, "trail").epoch, "STALE_EPOCH")
        need(e.private is not None, "RULE")
        institution = self.holds(e.signer, b.credential)
        grant = b.grant and self.granted(b.record, b.grant, institution)
        need(grant.actions & ACTIONS[e.type] if grant else e.signer == founder.member, "NOT_GRANTED")
        if e.type == "note": return
        need(1 <= b.version <= self.fact(b.record, "counters").version and ascending([0, *b.sections]), "RULE")
        need(not grant or set(b.sections) <= set(grant.sections), "NOT_GRANTED")
        need(all(self.fact(b.record, "section", number) for number in b.sections), "RULE")
        for who in {e.signer, grant.recipient if grant else e.signer}:
            if not self.own("viewed", who):  # the first by number, of those that are known
                self.chains[e.chain].facts["viewed", who] = {self.number: Viewed(self.index)}
    access_view = access_download = access_note
def check_founding(entries):  # "Lists"
    for at, entry in enumerate(entries):
        after = entries[at + 1:]
        same = [other.sequence for other in after if other.chain == entry.chain]
        said = [other.body.admit if other.name == "network propose" else other.body for other in after
                if other.name in ("network propose", "network admit")]
        named = [getattr(other.body, "credential", None) for other in after if other.kind == "registration"]
        need(entry.name != "member found" or same[:2] == [1, 2], "RULE")
        need(entry.name != "institution found" or (entry.chain, entry.link) in said, "RULE")
        need(entry.name != "member credential" or not entry.body.registration or entry.hash in named, "RULE")
def read_trail(ledger, record):  # "Trails"
    chain, start = ledger.chains[record], access_start(record)
    log = ledger.chains[start].placed
    farthest = {start: max(log, default=-1), record: max(chain.placed, default=-1)}
    need(all(number <= farthest.get(of, number) for of, number in ledger.pins), "ROLLBACK")
    need(chain.placed and sorted(log) == list(range(1, len(log) + 1)), "LOG_MISSING")
    grants = {key[1]: chain.fact(key) for key in chain.facts if key[0] == "grant"}
    for it in chain.placed.values():
        if it.entry.name != "record revoke" or it.entry.body.mode != "recall": continue
        _, last, link = next(rest for rest in it.entry.restsOn if rest.chain == start)
        need(last <= len(log) and link == (log[last].link if last else start), "CHAIN")
        need(last == len(log) or log[last + 1].index > it.index, "STALE_AUTHORITY")
        def recalled(hash): return hash and (hash in it.entry.body.grants or recalled(grants[hash].source))
        ended = {grant.recipient for hash, grant in grants.items() if recalled(hash)}
        seen = [entry for number in range(1, last + 1) if (entry := log[number].entry).type != "note"]
        under = {grants[entry.body.grant].recipient for entry in seen if entry.body.grant}
        need(not ended & ({entry.signer for entry in seen} | under), "ALREADY_OPENED")
    return len(log)
class Newest(Judge):  # of all chains, what the ledger knows by now; grants expire by the entry's own time
    def __init__(self, ledger, it):
        super().__init__(ledger, it)
        self.seen = dict.fromkeys(ledger.chains, MAX)
    def vouched(self, member, institution=None):
        def vouches(held):
            try: self.stands(held.issuer, held.institution, held.index)
            except Refused: return False
            return held.state == "accepted" and institution in (None, held.institution)
        chain = self.chains[member]
        return any(vouches(chain.fact(key)) for key in [*chain.facts] if key[0] == "credential")
    def over(self, grant): return grant.ended is not None or grant.until is not None and grant.until <= self.e.time
    def recipients(self, grant, earlier):
        teams = {one.recipient: self.fact(one.recipient, "team") for one in [*earlier, grant] if not one.institution}
        if any(team.closed is not None or not self.lasts(team.until) for team in teams.values()): return []
        if grant.institution: return [grant.recipient] if self.vouched(grant.recipient, grant.institution) else []
        if teams[grant.recipient].stale is None: return [grant.recipient]
        return [member for member, seat in seats(self.chains[grant.recipient])
                if not seat.out and self.vouched(member, seat.institution)]
def seats(team):
    pairs = [(key[1], team.fact(key)) for key in sorted(key for key in team.facts if key[0] == "seat")]
    return [(member, seat) for member, seat in pairs if seat.left is None]
def rows_due(ledger, it, reaches):  # "Wrap lists": for every row its recipient, and what it names
    e, b, chain = it.entry, it.entry.body, ledger.chains[it.entry.chain]
    def trail(epoch, actions): return epoch if actions & (ACTIONS["trail"] | ACTIONS["write"]) else None
    if e.kind == "member":
        hers = [key[1] for key in chain.facts if key[0] == "device" and chain.fact(key).voidFrom is None]
        if e.type == "devices" and not b.epoch: hers = [device_id(*new.keys) for new in b.adds]
        return [(device, []) for device in sorted(hers)]
    if e.kind == "team":
        members, epoch = [member for member, _ in seats(chain)], chain.fact(("epoch",)).epoch
        if e.type == "change" and not b.epoch: members = [seat.member for seat in b.adds]
        return [(member, [(None, [(0, epoch)], None)]) for member in members]
    if e.type == "grant":
        pairs = [(number, chain.fact(("section", number)).epoch) for number in [0, *b.sections]]
        return [(b.recipient, [(None, pairs, trail(chain.fact(("trail",)).epoch, b.actions))])]
    starts, turned = [start[:2] for start in b.epochs], b.trail and b.trail.epoch
    if e.type == "create": return [(b.founder, [(None, starts, turned)])]
    newest, founder, rows, ends = Newest(ledger, it), chain.fact(("founder",)), defaultdict(list), defaultdict(list)
    if not reaches or newest.vouched(founder.member): rows[founder.member] = [(founder.create, starts, turned)]
    for key in sorted(key for key in chain.facts if key[0] == "grant"):
        grant = chain.fact(key)
        earlier = [*comes_from(grant, lambda hash: chain.fact(("grant", hash)))]
        pairs = [pair for pair in starts if pair[0] in (0, *grant.sections)]
        if not pairs or any(map(newest.over, [grant, *earlier])): continue
        for recipient in newest.recipients(grant, earlier) if reaches else [grant.recipient]:
            rows[recipient].append((key[1], pairs, trail(turned, grant.actions)))
            for section, _ in pairs: ends[section] += [grant.until] * (grant.until is not None)
    need(all(start.until == min(ends[start.section], default=None) for start in b.epochs), "WRAPS")
    return sorted((recipient, sorted(what)) for recipient, what in rows.items())

# ==== sealing.md ======================================================================================================
class Floe:
    """ "Under a symmetric key": the keys of one object, and its header."""
    def __init__(self, key, data, iv, length=65536, rotation=20):
        need(len(key) == 32, "USAGE")
        self.length, self.rotation, self.data = length, rotation, data
        self.start = b"\0\0" + big(length, 4) + big(32, 4) + iv
        self.header = self.start + self.derive(key, b"HEADER_TAG:", 32)
        self.message_key = self.derive(key, b"MESSAGE_KEY:", 48)
    def derive(self, key, purpose, length):
        return hmac.digest(key, self.start + purpose + self.data + b"\1", "sha384")[:length]
    def cipher(self, position):
        return AESGCM(self.derive(self.message_key, b"DEK:" + big(position >> self.rotation << self.rotation, 8), 32))
    def seal_last(self, position, iv, content):
        return big(32 + len(content), 4) + iv + self.cipher(position).encrypt(iv, content, big(position, 8) + b"\1")
    def open(self, position, final, bytes, name=None):
        need(name in (None, sha256(bytes)), "SEGMENT")  # "Names of segments"
        need(position < 2**40 - (not final), "LIMIT")
        need(32 <= len(bytes) <= self.length and (final or len(bytes) == self.length), "UNAUTHENTIC")
        need(bytes[:4] == (big(len(bytes), 4) if final else b"\xff" * 4), "UNAUTHENTIC")
        need(len(bytes) > 32 or position == 0, "UNAUTHENTIC")
        segment = bytes[4:16], bytes[16:], big(position, 8) + (b"\1" if final else b"\0")
        return masked("UNAUTHENTIC", self.cipher(position).decrypt, *segment, of=InvalidTag)
def floe(key, data, header, length=65536, rotation=20):
    made = Floe(key, data, header[10:42], length, rotation)
    need(len(header) == 74 and header[:10] == made.header[:10], "UNAUTHENTIC")
    need(hmac.compare_digest(header, made.header), "COMMITMENT")
    return made
def open_object(key, associatedData, sealed):
    opener, rest = floe(key, associatedData, sealed[:74]), sealed[74:]
    need(rest, "UNAUTHENTIC")
    parts = [rest[at:at + 65536] for at in range(0, len(rest), 65536)]
    return b"".join(opener.open(at, at == len(parts) - 1, part) for at, part in enumerate(parts))
def open_segments(key, associatedData, segmentLength, rotationBits, header, segments):
    opener = floe(key, associatedData, header, segmentLength, rotationBits)
    return [opener.open(**segment) for segment in segments]
def padme(length):  # "Padmé"
    need(0 <= length <= 2**52, "USAGE")
    exponent = max(length.bit_length() - 1, 0)
    unit = 1 << max(exponent - exponent.bit_length(), 0)
    return -(-length // unit) * unit
def check_padding(length, padded, rest):
    need(padded == padme(length) and len(rest) == padded - length and not any(rest), "PADDING")
def key_schedule(info, shared, suite=b"HPKE\x64\x7a\0\1\0\3"):  # "To a public key": RFC 9180 in base mode
    def extract(salt, name, secret): return hmac.digest(salt, b"HPKE-v1" + suite + name + secret, "sha256")
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    def expand(name, length):
        return hmac.digest(secret, big(length, 2) + b"HPKE-v1" + suite + name + context + b"\1", "sha256")[:length]
    return expand(b"key", 32) + expand(b"base_nonce", 12)

# ==== keys.md =========================================================================================================
def hkdf(secret, purpose, context):
    return hmac.digest(hmac.digest(bytes(32), secret, "sha256"), bind(purpose, context) + b"\1", "sha256")
def open_back_link(key, network, chain, what, epoch, to, sealed):  # "Back-links"
    secret = masked("UNAUTHENTIC", open_object, key, bind("backLink", [network, chain, what, epoch, to]), sealed)
    need(len(secret) == 32, "UNAUTHENTIC")
    return secret
def check_commitment(key, network, record, section, epoch, commitment):  # "Epochs"
    need(hkdf(key, "sectionCommitment", [network, record, section, epoch]) == commitment, "COMMITMENT")

# ==== wraps.md ========================================================================================================
WRAPPED = struct(grant=maybe(HASH), keys=many(struct(section=uint(), epoch=uint()), 257), trail=maybe(uint()))
LEAF = struct(recipient=HASH, epoch=uint(), keyHash=HASH, sequence=uint(), link=maybe(HASH), what=many(WRAPPED, 10_000),
              envelope=HASH, keys=maybe(HASH))
ROW = struct(leaf=LEAF, envelope=octets(0, 32768), keys=maybe(octets(0, 32768)))
SECTION_KEYS = struct(keys=many(struct(section=uint(), epoch=uint(), key=octets(32))), trail=maybe(octets(32)))
def read_row(data):
    row = ROW(decode(data, 32768))
    need(row.leaf[6:] == (sha256(row.envelope), None if row.keys is None else sha256(row.keys)), "WRAPS")
    return row
def read_list(list, count, root):  # "The list"
    need(count <= 10_001, "LIMIT")
    rest, leaves = Decoder(list), []
    while rest.at < len(list):
        length = int.from_bytes(rest.take(4), "big")
        need(length <= 32768, "TOO_LARGE")
        leaves.append(read_row(rest.take(length)).leaf)
        need(ascending([leaf.recipient for leaf in leaves[-2:]]), "WRAPS")
    need(len(leaves) == count and root_over(map(encode, leaves)) == root, "WRAPS")
    return leaves
def prove_row(row, root, size, index, path):
    leaf = read_row(row).leaf
    inclusion(size, root, index, leaf_hash(encode(leaf)), path)
    return leaf
def open_keys(network, chain, row, grantSecret, object=None):  # "Section keys"
    code, row = "UNAUTHENTIC", read_row(row)
    sealed = object or row.keys
    need(sealed is not None and sha256(sealed) == row.leaf.keys, code)
    place = bind("sectionKeys", [network, chain, encode(row.leaf[:6])])
    content = masked(code, open_object, hkdf(grantSecret, "grantKeys", []), place, sealed)
    found = masked(code, lambda: SECTION_KEYS(decode(content)))
    named = sorted({tuple(pair) for grant in row.leaf.what for pair in grant.keys})
    need([key[:2] for key in found.keys] == named, "COMMITMENT")
    trails = {grant.trail for grant in row.leaf.what} - {None}
    need(len(trails) == (found.trail is not None), "COMMITMENT")
    return {"keys": [[*key] for key in found.keys], "trail": found.trail}
def check_fits(ledger, it, list, reaches):  # rules.md "Wrap lists"
    e, wraps = it.entry, getattr(it.entry.body, "wraps", None)
    need(wraps and wraps.attached[:2] == (sha256(list), len(list)), "WRAPS")
    leaves = read_list(list, wraps.attached.count, wraps.root)
    need(encode([(leaf.recipient, leaf.what) for leaf in leaves]) == encode(rows_due(ledger, it, reaches)), "WRAPS")
    need(all((leaf.keys is None) == (e.kind != "record") for leaf in leaves), "WRAPS")
    def newest(leaf):
        if e.kind == "member": return 0, ledger.chains[e.chain].fact(("device", leaf.recipient)).keyHash, 0, None
        chain = ledger.chains[leaf.recipient]
        epoch, head = chain.fact(("epoch",)), chain.placed[max(chain.placed)]
        return epoch.epoch, epoch.keyHash, head.number, head.link
    need(not reaches and e.kind != "member" or all(leaf[1:5] == newest(leaf) for leaf in leaves), "WRAPS")
    return len(leaves)

# ==== devices.md ======================================================================================================
OFFER = struct(keys=KEYS, salt=octets(16))
def code_of(network, sign, box, salt):  # "The code"
    need(len(salt) == 16, "USAGE")
    code = hashed("offerCode", [network, encode([[sign, box], salt])])[:20]
    return {"code": code, "place": hashed("meeting", [network, code])}
def open_message(network, code, message, sealed):  # "The meeting"
    return open_object(hkdf(code, "offerKey", [network, message]), bind("offer", [network, message]), sealed)
def open_offer(network, code, sealed):
    keys, salt = masked("UNAUTHENTIC", lambda: OFFER(decode(open_message(network, code, "offer", sealed))))
    need(code_of(network, *keys, salt)["code"] == code, "UNAUTHENTIC")
    return keys
def open_consent(network, code, sealed):
    return masked("UNAUTHENTIC", lambda: octets(64)(open_message(network, code, "consent", sealed)))

# ==== sections.md =====================================================================================================
def unpad(padded, rounded):  # "Padded structures"
    end = 4 + int.from_bytes(padded[:4], "big")
    need(end <= len(padded) == rounded(end) and not any(padded[end:]), "UNAUTHENTIC")
    return padded[4:end]
def open_padded(structure, limit, rounded, key, place, sealed):
    def opened():
        need(len(sealed) <= limit, "UNAUTHENTIC")
        return structure(decode(unpad(open_object(key, place, sealed), rounded)))
    return masked("UNAUTHENTIC", opened)
def by_64(length): return -(-length // 64) * 64
BORN = text(also=lambda born: re.fullmatch("[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?", born))
PATIENT = struct(name=text(1), born=maybe(BORN), ids=many(struct(system=text(1), value=text(1)), 16))
CARD = struct(title=text(1), patient=maybe(PATIENT), author=TEXT, date=TIME, category=TEXT,  # "Card"
              sections=many(struct(id=uint(1, 256), name=text(1)), 256))
def is_file_name(name): return name not in ("", ".", "..") and not re.search(r"[/\\]", name)
def is_path(path): return not path or all(map(is_file_name, path.split("/")))
HEADER = struct(fileKey=octets(32), name=text(also=is_file_name), mediaType=text(0, 127, str.isascii),  # "File header"
                length=uint(), modified=maybe(TIME), path=text(also=is_path))
def open_card(key, network, record, epoch, sealed):
    card = open_padded(CARD, 4096, padme, key, bind("card", [network, record, epoch]), sealed)
    need(ascending([section.id for section in card.sections]), "UNAUTHENTIC")
    return card
def open_header(key, network, record, section, epoch, fileId, sealed):
    place = bind("fileHeader", [network, record, section, epoch, fileId])
    return open_padded(HEADER, 1024, by_64, key, place, sealed)
TITLE = struct(title=text(1), reason=shape(lambda item: item != "", LINES))  # keys.md "Teams"
def open_title(secret, network, team, sealed):
    return open_padded(TITLE, 4096, by_64, hkdf(secret, "teamTitleKey", []), bind("teamTitle", [network, team]), sealed)
DEVICE_NAMES = many(struct(device=HASH, name=text(1, 60)), 16)  # keys.md "Names of devices"
def device_names(secret, network, member, epoch, sealed):
    place = [network, member, epoch]
    found = open_padded(DEVICE_NAMES, 4096, by_64, hkdf(secret, "nameKey", place), bind("deviceNames", place), sealed)
    return [[*named] for named in found]
MANIFEST = struct(files=many(struct(id=octets(16), header=octets(1, 1024), floe=octets(74), padded=uint(),  # "Manifest"
                                    segments=uint(1, 65536), root=HASH, names=many(HASH, 2, 1)), 10_000))
def manifest(bytes):
    found = MANIFEST(decode(bytes, 2**23))
    need(len({file.id for file in found.files}) == len(found.files), "DECODE_SHAPE")
    need(all(len(file.names) == -(-file.segments // 32768) for file in found.files), "DECODE_SHAPE")
    return found
def manifest_of(file, count):
    data = encode([[[big(id, 16), *decode(file)] for id in range(count)]])
    return {"files": len(manifest(data).files), "digest": sha256(data)}
def segment_names(segments, root, names, indexes=()):
    need(names == [sha256(index) for index in indexes] if segments > 1 else not indexes, "SEGMENT")
    joined = b"".join(indexes or names)
    need(len(joined) == 32 * segments, "SEGMENT")
    names = [joined[at:at + 32] for at in range(0, len(joined), 32)]
    need(root_over(names) == root, "SEGMENT")
    return names

# ==== vault.md ========================================================================================================
KDF = struct(algorithm=TEXT, memory=uint(), passes=uint(), salt=octets(0, MAX))
VAULT_HEADER = struct(format=uint(1, 1), kdf=maybe(KDF), sealed=octets(0, MAX))
VAULT_BLOB = struct(format=uint(1, 1), counter=uint(), sealed=octets(0, MAX))
def unlock(header, hostKey=None, passphrase=None):  # "Unlocking"
    _, kdf, sealed = masked("VAULT", lambda: VAULT_HEADER(decode(header)))
    if kdf:
        need(kdf.algorithm == "argon2id" and kdf.memory >= 2**16 and kdf.passes >= 3, "KDF_FLOOR")
        need(len(kdf.salt) >= 16, "KDF_FLOOR")
        need(kdf.memory <= 2**20 and kdf.passes <= 10 and len(kdf.salt) <= 16, "KDF_CAP")
    need(hostKey is None or len(hostKey) == 32, "USAGE")
    need((kdf is None) == (passphrase is None), "VAULT"); need(passphrase != "", "USAGE")
    secret = hostKey if kdf is None else sodium.crypto_pwhash_alg(
        32, unicodedata.normalize("NFC", passphrase).encode(), kdf.salt, kdf.passes, kdf.memory * 1024,
        sodium.crypto_pwhash_ALG_ARGON2ID13)
    master = masked("VAULT", open_object, hkdf(secret, "vaultUnlock", []), bind("vaultHeader", [1, kdf]), sealed)
    need(len(master) == 32, "VAULT")
    return master
def open_blob(master, name, blob, atLeast=0):  # "Blobs"
    masked("USAGE", text(1, 100), name); need(len(blob) <= 2**24, "LIMIT")
    _, counter, sealed = masked("VAULT", lambda: VAULT_BLOB(decode(blob)))
    content = masked("VAULT", open_object, hkdf(master, "vaultKey", [name]), bind("vault", [1, name, counter]), sealed)
    need(counter >= atLeast, "ROLLBACK")
    return {"counter": counter, "content": content}

# ==== vectors/README.md: operations ===================================================================================
def walk(item, change):
    """The same as JSON, with every leaf changed; a structure becomes an object."""
    if hasattr(item, "_asdict"): item = item._asdict()
    if isinstance(item, dict): return {key: walk(part, change) for key, part in item.items()}
    return [walk(part, change) for part in item] if isinstance(item, (list, tuple)) else change(item)
def from_hex(item): return walk(item, lambda leaf: bytes.fromhex(leaf) if isinstance(leaf, str) else leaf)
def to_hex(item): return walk(item, lambda leaf: leaf.hex() if isinstance(leaf, bytes) else leaf)
def value(item): return json.loads(json.dumps(item), object_hook=lambda found: bytes.fromhex(found["bytes"]))
def written(item):
    return walk(decode(encode(item)), lambda leaf: {"bytes": leaf.hex()} if isinstance(leaf, bytes) else leaf)
def decode_again(bytes, limits={}):
    item = decode(bytes, limits.get("bytes", 2**24), limits.get("items", 2**20))
    assert encode(item) == bytes, "not the same when encoded again"
    return {"value": written(item)}
def verify_entry(bytes, signKey, network):
    entry = Entry(bytes)
    entry.verify(signKey, network)
    return {"signer": {"chain": entry.signer, "device": entry.device}, "entryHash": entry.hash, "linkHash": entry.link,
            **{name: getattr(entry, name) for name in "kind type chain sequence previous time private".split()},
            **{name: written(getattr(entry, name)) for name in ("seen", "restsOn", "body")}}
def number_access(**inputs):
    link = access_link(**inputs)
    return {"link": link, "slot": slot_after(link)}
def earlier(names):
    """The answers of the vectors with these names, each after those that it names itself."""
    inputs = [vector(f"rules/{name}")["inputs"] for name in names]
    return [answer for one in inputs for answer in (*earlier(one.get("before", ())), bytes.fromhex(one["proven"]))]
def take(network, founding, logKey, proven, before=(), pins=(), tree=None):
    ledger = Ledger(network, founding, verifier_key(logKey), pins, tree)
    for answer in earlier(before): ledger.take(answer)
    return ledger, ledger.take(proven)
def take_again(refused, **inputs):
    """A ledger is dropped after a refusal, so that the one which goes on is another of the same history."""
    try: take(**{**inputs, "proven": refused})
    except Refused as refusal: return {"refused": refusal.args[0], **take_and_show(**inputs)}
    raise AssertionError("nothing was refused")
def apply_alone(network, entry, index, time, facts):
    entry, ledger = Entry(entry), Ledger(network, None, None, (), None)
    for chain, given in facts.items():
        known = ledger.chains[bytes.fromhex(chain)].facts
        for key, data in given.items(): known[read_key(key)][-1] = read_fact(key, data)
    own = ledger.chains[entry.chain].facts
    Judge(ledger, Placed(entry, entry.sequence, entry.previous, entry.link, index, time)).apply()
    changed = {key: versions[entry.sequence] for key, versions in own.items() if entry.sequence in versions}
    return {"facts": {key_text(key): encode(fact) for key, fact in changed.items()}}
def take_and_show(**inputs):
    ledger, placed = take(**inputs)
    def show(id, chain):
        last = chain.placed[max(chain.placed)]
        facts = {key_text(key): encode(chain.fact(key)) for key in chain.facts}
        return {"chain": id, "sequence": last.number, "link": last.link, "facts": facts}
    chains = sorted({it.entry.chain for it in placed})
    return {**ledger.tree, "entries": len(placed), "chains": [show(id, ledger.chains[id]) for id in chains]}
def fitting(list, reaches=False, **inputs):
    ledger, placed = take(**inputs)
    need(placed, "WRAPS")
    return check_fits(ledger, placed[-1], list, reaches)
def named(name, function): return lambda **inputs: {name: function(**inputs)}
def as_value(function): return lambda **inputs: written(function(**inputs))
def bound(purpose, context): return {"bytes": bind(purpose, context), "hash": hashed(purpose, context)}
def new_chain(**founding): return {"id": chain_id(**founding), "foundingSlot": founding_slot(chain_id(**founding))}
def list_fields(list, count, root):
    return {"recipients": [leaf.recipient for leaf in read_list(list, count, root)], "root": root}
OPERATIONS = {  # a function that returns nothing has the output {}
    "codec/decode": decode_again, "contexts/bind": bound, "contexts/object": named("hash", hashed_object),
    "entries/verify": verify_entry, "entries/chain-id": new_chain, "entries/access-log": named("id", access_start),
    "entries/registration": registration,
    "entries/device-keys": named("id", device_id), "entries/claims": named("claims", as_value(claims_beside)),
    "log/slot": lambda after=None, founds=None: {"slot": slot_after(after) if after else founding_slot(founds)},
    "log/access-link": number_access, "log/leaf": leaf, "log/inclusion": inclusion, "log/consistency": consistency,
    "log/seals": lambda seals: read_seals([seal_of([*seal, None]) for seal in seals]),
    "log/time": lambda index, seal: {"time": in_batch(index, seal_of([*seal, None]))},
    "log/root": lambda leaves: {"root": joined(edge_of(leaves)), "edge": edge_of(leaves)}, "log/batch": batch,
    "log/verifier-key": verifier_key, "log/tile-path": tile_path,
    "log/note": lambda note, key: {"text": signed_text(note, verifier_key(key))},
    "log/checkpoint": lambda note, key: {"origin": verifier_key(key).name, **checkpoint(note, verifier_key(key))},
    "rules/take": take_and_show, "rules/again": take_again, "rules/apply": apply_alone,
    "rules/list": lambda entries: check_founding([Entry(entry) for entry in entries]),
    "rules/trail": named("numbers", lambda record, **inputs: read_trail(take(**inputs)[0], record)),
    "wraps/list": list_fields, "wraps/row": named("leaf", as_value(prove_row)), "wraps/fits": named("rows", fitting),
    "wraps/reaches": named("rows", functools.partial(fitting, reaches=True)),
    "wraps/keys": open_keys, "manifests/decode": manifest,
    "manifests/repeated": manifest_of, "manifests/index": named("names", segment_names),
    "headers/file": open_header, "headers/card": named("card", as_value(open_card)),
    "headers/commitment": check_commitment, "headers/back-link": named("key", open_back_link),
    "headers/team-title": open_title, "devices/names": named("names", device_names), "devices/code": code_of,
    "devices/offer": open_offer, "devices/consent": named("proof", open_consent),
    "floe/object": named("plaintext", open_object), "floe/segments": named("plaintexts", open_segments),
    "floe/padding": check_padding, "floe/padme": named("padded", padme),
    "vault/open": named("master", unlock), "vault/blob": open_blob, "requests/verify": verify_request}
NOT_READ = set("""wraps/envelope wraps/device hpke/open hpke/key hpke/note vault/identity
    devices/invitation""".split())  # X-Wing
TEXTS = set("""purpose method url headers before logKey text passphrase what log/note:key log/checkpoint:key
    log/tile-path:path vault/blob:name board number""".split())
VALUES = {"context", "claims"}
def vector(name): return json.loads(Path(sys.argv[1], name + ".json").read_text())
def perform(operation, inputs):
    """What a vector says of its operation: the output, or the code that it ends in."""
    def read(name, item):
        return item if TEXTS & {name, f"{operation}:{name}"} else value(item) if name in VALUES else from_hex(item)
    arguments = {name: read(name, item) for name, item in inputs.items()}
    try: return {"output": to_hex(OPERATIONS[operation](**arguments) or {})}
    except Refused as refusal: return {"expect": refusal.args[0]}

# ==== vectors/README.md: accumulated tests ============================================================================
def stream(area, run):
    blocks = (sha256(f"sealchart/accumulated/{area}/{run}/{block}".encode()) for block in itertools.count())
    octets = itertools.chain.from_iterable(blocks)
    return lambda length=32: bytes(itertools.islice(octets, length))
def run_codec(take, u8, u16):
    data = take(u8() % 24)
    if u8() < 128 and data: data = bytes([0x80 | len(data) % 6]) + data[1:]
    try: return b"\1" + encode(decode(data))
    except Refused: return b"\0"
def run_contexts(take, u8, u16):
    purpose = PURPOSES[u8() % len(PURPOSES)]
    return bind(purpose, [(take, u16, lambda: None)[u8() % 3]() for _ in range(u8() % 5)])
def run_entries(take, u8, u16):
    network, founder, nonce = take(), take(), take()
    id = chain_id(network if network[0] >= 32 else None, founder, nonce)
    return id + hashed_object("entryHash", b"\xd2" + take(u8()))
def run_log(take, u8, u16):
    root = root_over([encode([take(), take()]) for _ in range(1 + u8() % 40)])
    link = access_link(take(), 1 + u16(), take())
    return root + link + slot_after(link)
def run_wraps(take, u8, u16):
    def what(): return [[take(), [[0, u8()], [1 + u8() % 256, u8()]], None]]
    def leaf(): return encode([take(), u8(), take(), u16(), take(), what(), take(), take()])
    return root_over([leaf() for _ in range(1 + u8() % 4)])
def run_manifests(take, u8, u16):
    names = [take() for _ in range(1 + u8() % 40)]
    return root_over(names) + sha256(*names)
def run_headers(take, u8, u16): return hkdf(take(), "sectionCommitment", [take(), take(), u8(), u16()])
def run_floe(take, u8, u16):
    key, iv, segment_iv = take(), take(), take(12)
    made = Floe(key, take(u8()), iv, 128)
    return made.header + made.seal_last(0, segment_iv, take(u8() % 65))
def run_hpke(take, u8, u16): return key_schedule(take(u8()), take())
def run_vault(take, u8, u16):
    master, name = take(), f"blob-{u16()}"
    return hkdf(master, "vaultKey", [name]) + bind("vault", [1, name, u16()])
def run_requests(take, u8, u16):
    method, url = ("GET", "PUT", "POST")[u8() % 3], f"https://relay.example/v1/{take(8).hex()}"
    return sha256(signature_base(method, url, take(u8()), u16(), take().hex(), take().hex()))
def run_rules(take, u8, u16, box):
    (public, secret), nonce, now = sodium.crypto_sign_seed_keypair(take()), take(), 1_790_000_000_000
    device, time = device_id(public, box), now + 60_000 * (u8() % 12 - 6)
    chain, odd = chain_id(None, device, nonce), u8() % 2
    payload = encode([1, 1, chain, 0, None, time, [u8() % 4, bytes(32)] if odd else None, [], None, "found",
                      [[public, box], nonce, "n", "o", bytes(32), "r"], None])
    signature = sodium.crypto_sign(sig_structure("entry", None, chain, device, payload), secret)[:64]
    entry = Entry(bytes.fromhex("d284584b") + protected(chain, device) + b"\xa0" + encode(payload) + encode(signature))
    index, network = u8() % 3, chain if u8() % 4 else take()
    judge = Judge(Ledger(network, None, None, (), None), Placed(entry, 0, None, entry.link, index, now))
    try:
        entry.verify(judge.signer_key(), None)
        judge.apply()
        return b"\1" + entry.hash
    except Refused as refusal: return b"\0" + refusal.args[0].encode()
def accumulate(area, runs, box):
    result = bytes(32)
    for run in range(runs):
        draw = stream(area, run)
        draws = draw, lambda: draw(1)[0], lambda: int.from_bytes(draw(2), "big")
        result = sha256(result, run_rules(*draws, box) if area == "rules" else globals()["run_" + area](*draws))
    return result.hex()

# ==== running =========================================================================================================
def flip(inputs, name):
    """README "Bits": inputs with one bit changed in one byte string; None if there is no byte string."""
    alone = {key: inputs[key] for key in ("before", "pins", "refused", "facts") if key in inputs}
    text, draw = json.dumps(inputs | dict.fromkeys(alone)), int.from_bytes(sha256(name.encode()), "big")
    strings = list(re.finditer('"((?:[0-9a-f]{2})+)"(?!:)', text))
    if not strings: return None
    at, end = strings[draw % len(strings)].span(1)
    bit = 1 << (draw >> 64) % (4 * (end - at))
    return json.loads(f"{text[:at]}{int(text[at:end], 16) ^ bit:0{end - at}x}{text[end:]}") | alone
APART = {"checkpoint-with-a-cosignature", "pinned-tree-of-nothing",  # these hold what nobody looks at
         "answer-with-a-consistency-proof-that-nobody-needs"}
def check(path, bits):
    """ "passed", "not read", or what is wrong with the vector; None if --bits says nothing about it."""
    found = json.loads(path.read_text())
    said, inputs = {key: found[key] for key in ("output", "expect") if key in found}, found["inputs"]
    apart = "expect" in said or found["operation"] == "rules/list" or path.stem in APART
    if bits: inputs = None if apart else flip(inputs, path.name)
    if inputs is None: return None
    if found["operation"] in NOT_READ: return "not read"
    try: got = perform(found["operation"], inputs)
    except Exception as error: got = repr(error)
    if bits: said = f"another answer than {said}"
    passed = got == said or bits and isinstance(got, dict) and got != {"output": found["output"]}
    return "passed" if passed else f"expected {said}, got {got}"
def main():
    results = defaultdict(dict)
    if "--accumulated" in sys.argv:
        known = vector("accumulated")
        for area, expected in known["areas"].items():
            got = accumulate(area, known["runs"], bytes.fromhex(known["box"]))
            results[area]["accumulated"] = "passed" if got == expected else f"expected {expected}, got {got}"
    else:
        for path in sorted(Path(sys.argv[1]).glob("*/*.json")):
            verdict = check(path, "--bits" in sys.argv)
            if verdict: results[path.parent.name][path.name] = verdict
    total = Counter()
    for area, verdicts in results.items():
        count = Counter(verdict if verdict in ("passed", "not read") else "failed" for verdict in verdicts.values())
        print(f"{area:12} {count['passed']} {count['failed']} ({count['not read']})")
        for name, verdict in verdicts.items():
            if verdict not in ("passed", "not read"): print(f"  {area}/{name}: {verdict[:1000]}")
        total += count
    print(f"{total['passed']} passed, {total['failed']} failed, {total['not read']} not read")
    sys.exit(bool(total["failed"] or not total))
if __name__ == "__main__": main()
