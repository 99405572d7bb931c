-- Wireshark dissector of what an IP phone trusts its call manager by: trust lists (CTL, ITL),
-- signed (.sgn) and encrypted (.enc.sgn) files inside TFTP and HTTP, and, where the keys of the TLS
-- connections are at hand, the Trust Verification Service (TVS) and CAPF.
--
--   tshark -X lua_script:tools/wireshark/secd.lua -o tftp.defragment:TRUE -r FILE -O sbd,tvs,capf
--
-- Shows what is in a file or message, and where it contradicts itself. It verifies no signature:
-- `secd verify` judges a file. Names and numbers are those of src/wire, which has their sources.

local DIGESTS = { [1] = "sha1", [2] = "sha256", [3] = "sha512" }
local MODULI = { [0] = "512 bits", [1] = "1024 bits", [2] = "2048 bits", [3] = "4096 bits" }
local CIPHERS = { [1] = "AES-CBC under a key wrapped by RSA PKCS#1 v1.5" }
local ROLES = {
    [0] = "SAST", [1] = "CCM", [2] = "CCM+TFTP", [3] = "TFTP", [4] = "CAPF", [7] = "APP-SERVER",
    [21] = "TVS",
}

----------------------------------------------------------------------------------------------------
-- Elements: a tag of one byte, a length of two, a value. All three protocols are made of them.

local certificates = DissectorTable.get("media_type"):get_dissector("application/pkix-cert")
local xml, tls = Dissector.get("xml"), Dissector.get("tls")

-- Hands a part to another dissector, which may give up on it without taking the rest along.
local function hand_over(dissector, range, pinfo, tree)
    if dissector and range:len() > 0 then
        pcall(dissector.call, dissector, range:tvb(), pinfo, tree)
    end
end

-- A protocol with what its elements are described by: each function makes a field and returns the
-- description of an element that shows it.
local function protocol(name, title)
    local the = { proto = Proto(name, title), name = name, fields = {} }
    the.malformed = ProtoExpert.new(name .. ".malformed", "It contradicts itself",
        expert.group.MALFORMED, expert.severity.ERROR)
    the.unknown_tag = ProtoExpert.new(name .. ".unknown_tag", "Unknown tag",
        expert.group.PROTOCOL, expert.severity.WARN)
    the.proto.experts = { the.malformed, the.unknown_tag }
    local function field(kind, suffix, label, ...)
        local made = ProtoField[kind](name .. "." .. suffix, label, ...)
        table.insert(the.fields, made)
        return made
    end
    the.field = field
    function the.bytes(suffix, label, size)
        return { title = label, size = size, field = field("bytes", suffix, label) }
    end
    function the.text(suffix, label)
        return { title = label, text = true, field = field("string", suffix, label) }
    end
    function the.number(size, suffix, label, names)
        local made = field("uint" .. 8 * size, suffix, label, base.DEC, names)
        return { title = label, size = size, field = made }
    end
    -- Two numbers, which no type of field shows as people write them.
    function the.version(suffix, label)
        local made = field("string", suffix, label)
        return { title = label, size = 2, show = function(range, _, tree)
            local shown = ("%d.%d"):format(range(0, 1):uint(), range(1, 1):uint())
            return tree:add(made, range, shown)
        end }
    end
    function the.certificate(suffix, label)
        local made = field("bytes", suffix, label)
        return { title = label, show = function(range, pinfo, tree)
            local item = tree:add(made, range)
            hand_over(certificates, range, pinfo, item)
            return item
        end }
    end
    the.unknown = field("bytes", "unknown", "Value")
    return the
end

-- Described elements inside another one.
local function block(title, children)
    return { title = title, children = children }
end

local function complain(the, item, text, ...)
    local full = text:format(...)
    item:add_proto_expert_info(the.malformed, full)
    item:append_text(" [" .. full .. "]")
end

local function odd(the, title, range, tree)
    return tree:add(the.unknown, range):prepend_text(title .. ": ")
end

-- Text up to its first NUL. The types of fields that know of NULs read past the end of a range.
local function text_of(range)
    return (range:string(ENC_UTF_8):gsub("%z.*$", ""))
end

local tile

local function element(the, spec, tag, range, pinfo, tree)
    if not spec then
        local item = odd(the, ("Tag %d"):format(tag), range, tree)
        item:add_proto_expert_info(the.unknown_tag, ("tag %d is not known here"):format(tag))
        return
    elseif spec.children then
        tile(the, spec.children, range, pinfo, tree:add(the.proto, range, spec.title))
        return
    elseif spec.size and spec.size ~= range:len() then
        -- Not by its field: a number of three bytes would be read as one all the same.
        local item = odd(the, spec.title, range, tree)
        complain(the, item, "%s has %d bytes, expected %d", spec.title, range:len(), spec.size)
        return
    elseif range:len() == 0 then
        local item = odd(the, spec.title, range, tree)
        if not spec.may_be_empty then
            complain(the, item, "%s is empty", spec.title)
        end
        return
    end
    local item
    if spec.show then
        item = spec.show(range, pinfo, tree)
    elseif spec.text then
        item = tree:add(spec.field, range, text_of(range))
    else
        item = tree:add(spec.field, range)
    end
    item:append_text((" [tag %d, %d bytes]"):format(tag, range:len()))
    if spec.text and range(range:len() - 1, 1):uint() ~= 0 then
        complain(the, item, "%s does not end in a NUL", spec.title)
    elseif spec.text and #text_of(range) + 1 < #range:string(ENC_UTF_8) then
        complain(the, item, "%s has a NUL inside", spec.title)
    end
end

-- All elements of a range, which they must fill exactly, each once. Returns how many bytes it read:
-- it ends early where a length leads out of the range, and at the tag `structure.ends`.
tile = function(the, structure, range, pinfo, tree)
    local offset, seen = 0, {}
    while offset < range:len() do
        local left = range:len() - offset
        local tag = range(offset, 1):uint()
        if tag == structure.ends then
            break
        end
        local length = left >= 3 and range(offset + 1, 2):uint() or 0
        if length + 3 > left then
            complain(the, tree, "tag %d needs %d bytes more than there are", tag, length + 3 - left)
            return offset
        elseif seen[tag] then
            complain(the, tree, "tag %d is there twice", tag)
        end
        seen[tag] = true
        element(the, structure[tag], tag, range(offset + 3, length), pinfo, tree)
        offset = offset + 3 + length
    end
    for _, tag in ipairs(structure.required or {}) do
        if not seen[tag] then
            complain(the, tree, "%s (tag %d) is missing", structure[tag].title, tag)
        end
    end
    return offset
end

-- The value of the first element of this tag at the top of a range, or nothing.
local function peek(range, wanted)
    local offset = 0
    while offset + 3 <= range:len() do
        local tag, length = range(offset, 1):uint(), range(offset + 1, 2):uint()
        if tag == 13 or offset + 3 + length > range:len() then
            return nil
        elseif tag == wanted and length > 0 then
            return range(offset + 3, length)
        end
        offset = offset + 3 + length
    end
    return nil
end

local function peek_text(range, wanted)
    local found = range and peek(range, wanted)
    return found and text_of(found) or "?"
end

----------------------------------------------------------------------------------------------------
-- Signed files.

local sbd = protocol("sbd", "Signed file of a call manager")

local ENVELOPE = {
    ends = 13, -- padding, which has no length
    required = { 1, 2, 3, 7, 12, 14 },
    [1] = sbd.version("version", "Version"),
    [2] = sbd.number(2, "header_length", "Header length"),
    [3] = block("Signer", {
        required = { 4, 5, 6 },
        [4] = sbd.text("signer.name", "Signer"),
        [5] = sbd.bytes("signer.serial", "Serial number of the signer"),
        [6] = sbd.text("signer.issuer", "Issuer of the signer"),
    }),
    [7] = block("Signature algorithms", {
        required = { 8, 9 },
        [8] = sbd.number(1, "digest", "Digest", DIGESTS),
        [9] = block("Signature algorithm", {
            required = { 10, 11 },
            [10] = sbd.number(1, "algorithm", "Algorithm"),
            [11] = sbd.number(1, "modulus", "Modulus", MODULI),
        }),
    }),
    [12] = sbd.bytes("signature", "Signature"),
    [14] = sbd.text("filename", "File name"),
    [15] = {
        title = "Timestamp", size = 4,
        field = sbd.field("absolute_time", "timestamp", "Timestamp", base.UTC),
    },
    [16] = block("Encryption", {
        required = { 17, 21 },
        [17] = block("Vector", {
            required = { 18, 19, 20 },
            [18] = sbd.number(1, "vector.marker", "Marker"),
            [19] = sbd.bytes("vector.iv", "Initialization vector", 16),
            [20] = sbd.number(2, "vector.padding", "Padding of the plaintext"),
        }),
        [21] = block("Key", {
            required = { 22, 23, 24, 25 },
            [22] = sbd.number(1, "key.marker", "Marker"),
            [23] = sbd.number(2, "key.bits", "Bits of the wrapped key"),
            [24] = sbd.number(1, "key.cipher", "Cipher", CIPHERS),
            [25] = sbd.bytes("key.wrapped", "Wrapped key"),
        }),
    }),
    [26] = sbd.number(1, "plaintext.digest", "Digest of the plaintext", DIGESTS),
    [27] = sbd.bytes("plaintext.hash", "Plaintext hash"),
    [28] = sbd.version("signer_version", "Signer version"),
}

local RECORD = {
    required = { 1, 4 },
    [1] = sbd.number(2, "record.length", "Record length"),
    [2] = sbd.bytes("record.host", "Host name"),
    [3] = sbd.text("record.subject", "Subject"),
    [4] = sbd.number(2, "record.role", "Role", ROLES),
    [5] = sbd.text("record.issuer", "Issuer"),
    [6] = sbd.bytes("record.serial", "Serial number"),
    [7] = sbd.bytes("record.public_key", "Public key"),
    [8] = sbd.bytes("record.signature", "Certificate signature"),
    [9] = sbd.certificate("record.certificate", "Certificate"),
    [10] = sbd.bytes("record.address", "IP address"),
    [11] = sbd.bytes("record.hash", "Certificate hash"),
    [12] = sbd.number(1, "record.hash_algorithm", "Hash algorithm", DIGESTS),
}

-- Any bytes, and none, have been seen as a host name.
RECORD[2].may_be_empty = true

local PADDING = sbd.field("bytes", "padding", "Padding")
local CIPHERTEXT = sbd.field("bytes", "ciphertext", "Ciphertext")
local PAYLOAD = sbd.field("bytes", "payload", "Payload")
local COUNT = sbd.field("uint16", "records", "Records")
sbd.proto.fields = sbd.fields

-- The records that follow the header; how many there are.
local function records(body, pinfo, tree)
    local offset, count = 0, 0
    while offset < body:len() do
        local left = body:len() - offset
        local starts = left >= 5 and body(offset, 3):uint() == 0x010002
        local length = starts and body(offset + 3, 2):uint() or 0
        if length < 5 or length > left then
            local item = odd(sbd, "No record", body(offset), tree)
            complain(sbd, item, "no record of %d bytes, where %d are left", length, left)
            return count
        end
        count = count + 1
        local range = body(offset, length)
        local role = peek(range, 4)
        local code = role and role:len() == 2 and role:uint() or 65535
        local title = ("Record %d: %s, "):format(count, ROLES[code] or ("role %d"):format(code))
        local item = tree:add(sbd.proto, range, title .. peek_text(range, 3))
        tile(sbd, RECORD, range, pinfo, item)
        offset = offset + length
    end
    return count
end

-- Nothing but padding may follow it.
local function padding(range, tree)
    local item = tree:add(PADDING, range)
    for offset = 0, range:len() - 1 do
        if range(offset, 1):uint() ~= 13 then
            complain(sbd, item, "something follows the padding")
            return
        end
    end
end

local function body(name, major, range, pinfo, tree)
    if name:match("%.tlv$") then
        local count = records(range, pinfo, tree)
        tree:add(COUNT, count):set_generated()
        return ("%d records"):format(count)
    elseif range:len() == 0 then
        return "no payload"
    elseif major == 2 then
        tree:add(CIPHERTEXT, range)
        return ("%d bytes of ciphertext"):format(range:len())
    end
    local item = tree:add(PAYLOAD, range)
    if range(0, 1):uint() == 0x3c then -- "<"
        hand_over(xml, range, pinfo, item)
    end
    return ("%d bytes of payload"):format(range:len())
end

function sbd.proto.dissector(tvb, pinfo, root)
    -- Version and header length come first in every such file: it is known by ten bytes.
    if tvb:len() < 10 or tvb(0, 3):uint() ~= 0x010002 or tvb(5, 3):uint() ~= 0x020002 then
        return 0
    end
    local all = tvb:range()
    local tree = root:add(sbd.proto, all)
    local announced = all(8, 2):uint()
    local header = all(0, math.min(math.max(announced, 10), all:len()))
    if announced > all:len() then
        local text = "a header of %d bytes, of which %d are there; is tftp.defragment set?"
        complain(sbd, tree, text, announced, all:len())
    elseif announced < 10 then
        complain(sbd, tree, "a header of %d bytes, which are fewer than it has", announced)
    end
    local item = tree:add(sbd.proto, header, "Header")
    local read = tile(sbd, ENVELOPE, header, pinfo, item)
    if read < header:len() and header(read, 1):uint() == 13 then
        padding(header(read), item)
    end
    local name = peek_text(header, 14)
    local what = "no body"
    if header:len() < all:len() then
        what = body(name, all(3, 1):uint(), all(header:len()), pinfo, tree)
    end
    local summary = (": %s, signed by %s, %s"):format(name, peek_text(peek(header, 3), 4), what)
    tree:append_text(summary)
    pinfo.cols.info:append(summary)
    return all:len()
end

local function signed_file(tvb, pinfo, tree)
    return sbd.proto.dissector(tvb, pinfo, tree) > 0
end
sbd.proto:register_heuristic("tftp", signed_file)
sbd.proto:register_heuristic("http", signed_file)
-- As such servers name what they know no better type for; then HTTP asks nobody else.
DissectorTable.get("media_type"):add("application/octet-stream", sbd.proto)
DissectorTable.get("tcp.port"):add(6970, Dissector.get("http"))
DissectorTable.get("tls.port"):add(6971, Dissector.get("http"))

----------------------------------------------------------------------------------------------------
-- Messages inside TLS: a header whose last two bytes are the length of the elements that follow.

-- Registers a protocol of messages on its port, and wherever a decrypted one looks like it.
local function register(the, port, header, seems_right, elements)
    local proto = the.proto
    proto.fields = the.fields
    local size = 0
    for _, part in ipairs(header) do
        size = size + part.size
    end
    local function length_of(tvb, _, offset)
        -- Outside TCP a cut header comes here as well.
        local is_cut = tvb:len() < offset + size
        return is_cut and size or size + tvb(offset + size - 2, 2):uint()
    end
    local function message(tvb, pinfo, root)
        local all = tvb:range(0, tvb:len())
        local tree = root:add(proto, all)
        if all:len() < size then
            complain(the, tree, "a header of %d bytes, of which %d are there", size, all:len())
            return all:len()
        end
        local offset, shown = 0, {}
        for _, part in ipairs(header) do
            local range = all(offset, part.size)
            tree:add(part.field, range)
            shown[part.title] = part.names and part.names[range:uint()] or range:uint()
            offset = offset + part.size
        end
        if all:len() > size then
            tile(the, elements, all(size), pinfo, tree)
        end
        local summary = ("%s, session %d"):format(shown.Command, shown.Session)
        tree:append_text(": " .. summary)
        pinfo.cols.protocol = the.name:upper()
        pinfo.cols.info:append((" %s %s"):format(the.name:upper(), summary))
        return all:len()
    end
    function proto.dissector(tvb, pinfo, tree)
        return dissect_tcp_pdus(tvb, tree, size, length_of, message)
    end
    proto:register_heuristic("tls", function(tvb, pinfo, tree)
        if tvb:len() < size or not seems_right(tvb) or tvb:len() > length_of(tvb, pinfo, 0) then
            return false
        end
        proto.dissector(tvb, pinfo, tree)
        return true
    end)
    DissectorTable.get("tls.port"):add(port, proto)
    -- Otherwise TCP hands it to whoever else has the port, and not to TLS.
    DissectorTable.get("tcp.port"):add(port, tls)
end

-- A number of a message's header, with the names of its values.
local function part(the, size, suffix, label, names)
    local made = the.number(size, suffix, label, names)
    made.names = names
    return made
end

local tvs = protocol("tvs", "Trust Verification Service")
local MARK = tvs.field("uint8", "device.mark", "Mark")
local DEVICE = tvs.field("string", "device", "Device name")
local ROLE = tvs.field("uint8", "role", "Role", base.DEC, ROLES)

register(tvs, 2445, {
    part(tvs, 1, "protocol", "Protocol"),
    part(tvs, 1, "version", "Version"),
    part(tvs, 1, "command", "Command", {
        [0] = "no command", [1] = "verify request", [2] = "verify response",
        [3] = "query request", [4] = "query response",
    }),
    part(tvs, 1, "reserved", "Reserved"),
    part(tvs, 4, "session", "Session"),
    part(tvs, 2, "length", "Payload length"),
}, function(tvb)
    return tvb(0, 2):uint() == 0x5701 and tvb(2, 1):uint() <= 4
end, {
    -- A byte of unknown meaning, then the name, without a NUL.
    [1] = { title = "Device name", show = function(range, _, tree)
        local item = tree:add(DEVICE, range(range:len() > 1 and 1 or 0))
        item:add(MARK, range(0, 1))
        return item
    end },
    [2] = tvs.certificate("certificate", "Certificate"),
    [3] = tvs.text("subject", "Subject"),
    [4] = tvs.text("issuer", "Issuer"),
    [5] = tvs.bytes("serial", "Serial number"),
    [7] = tvs.number(1, "status", "Status", { [0] = "trusted", [1] = "not trusted" }),
    [8] = { title = "Roles", may_be_empty = true, show = function(range, _, tree)
        local item = tree:add(tvs.proto, range, "Roles")
        for offset = 0, range:len() - 1 do
            item:add(ROLE, range(offset, 1))
        end
        return item
    end },
    [9] = tvs.number(4, "ttl", "Time to live, in seconds"),
})

local capf = protocol("capf", "Certificate Authority Proxy Function")
local TYPES = { [1] = "LSC", [2] = "MIC" }
local CAPF_CERTIFICATE = capf.certificate("certificate", "Certificate")
local TYPE = capf.field("uint8", "certificate.type", "Certificate type", base.DEC, TYPES)

register(capf, 3804, {
    part(capf, 1, "protocol", "Protocol"),
    part(capf, 1, "command", "Command", {
        "auth request", "auth response", "key generate request", "key generate response",
        "encrypt response", "encrypt request", "decrypt request", "decrypt response",
        "store certificate request", "store certificate response", "fetch certificate request",
        "fetch certificate response", "delete certificate request", "delete certificate response",
        "end session", "retry later", "request in progress", "status request", "status response",
        "abort request", "abort response", "sign certificate request", "sign certificate response",
    }),
    part(capf, 4, "session", "Session"),
    part(capf, 2, "length", "Payload length"),
}, function(tvb)
    return tvb(0, 1):uint() == 0x55 and tvb(1, 1):uint() >= 1 and tvb(1, 1):uint() <= 23
end, {
    [1] = capf.number(1, "reason", "Reason", {
        [0] = "nothing to do", [1] = "done", [7] = "declined", [9] = "unknown device",
    }),
    [2] = capf.bytes("reason.info", "About the reason"),
    [3] = capf.number(1, "type", "Certificate type", TYPES),
    -- 01, a length, 00, the type, and from the sixth byte on the certificate.
    [4] = { title = "Certificate", show = function(range, pinfo, tree)
        if range:len() <= 5 then
            return odd(capf, "Certificate", range, tree)
        end
        local item = CAPF_CERTIFICATE.show(range(5), pinfo, tree)
        item:add(TYPE, range(4, 1))
        return item
    end },
    [6] = capf.bytes("signed", "Signed data"),
    [7] = capf.number(1, "version", "Version"),
    [8] = capf.number(1, "authentication", "Authentication type"),
    [9] = capf.bytes("public_key", "Public key"),
    [10] = capf.number(2, "key_size", "Key size"),
    [11] = capf.text("password", "Authentication string"),
    [13] = capf.text("device", "Device name"),
    [16] = capf.bytes("sudi", "SUDI data"),
    [17] = capf.number(1, "key_type", "Key type", { [0] = "RSA", [1] = "EC" }),
    [18] = capf.number(1, "curve", "Curve", { [0] = "P-256", [1] = "P-384", [2] = "P-521" }),
    [20] = capf.bytes("signed_sha2", "SHA-2 signed data"),
})
