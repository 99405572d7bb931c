meta:
  id: signed_file
  title: Trust lists and signed files of a call manager
  file-extension:
    - tlv
    - sgn
  license: Apache-2.0 OR MIT
  endian: be
  encoding: UTF-8
doc: |
  What an IP phone fetches from its call manager: trust lists (CTL, ITL; `.tlv`), signed files
  (`.sgn`), and encrypted and signed ones (`.enc.sgn`). A header of elements says who signed what;
  then follow the records of a list, a payload, or ciphertext.

  An element is a tag of one byte, a length of two, and a value. The signature covers the file
  without the signature element. This describes the structure and verifies nothing: that an element
  is there once, and that all are there that have to be, is for the reader to see.
doc-ref: src/wire of secd, which has the source of each name and number
seq:
  - id: version_prefix
    contents: [1, 0, 2]
  - id: version
    type: version
  - id: header_length_prefix
    contents: [2, 0, 2]
  - id: header_length
    type: u2
    valid:
      min: 10
    doc: Bytes from the start of the file to the last byte of padding.
  - id: header
    size: header_length - 10
    type: header
  - id: records
    type: record
    repeat: eos
    if: is_list
  - id: body
    size-eos: true
    if: not is_list
    doc: The payload of a signed file, or ciphertext where the major version is 2.
instances:
  name:
    value: header.up_to_name.last.value.as<text>.chars
    doc: The name that the signature binds the content to.
  is_list:
    value: 'name.length > 4 and name.substring(name.length - 4, name.length) == ".tlv"'

types:
  header:
    seq:
      - id: up_to_name
        type: header_field
        repeat: until
        repeat-until: _.tag == header_tag::file_name
      - id: after_name
        type: field_or_padding
        repeat: eos
  field_or_padding:
    seq:
      - id: padding
        size-eos: true
        type: padding
        if: is_padding
      - id: field
        type: header_field
        if: not is_padding
    instances:
      next:
        pos: start
        type: u1
      start:
        value: _io.pos
      is_padding:
        value: next == 13
  padding:
    doc: Bytes of 13 without a length, up to the end of the header.
    seq:
      - id: bytes
        type: u1
        valid: 13
        repeat: eos
  header_field:
    seq:
      - id: tag
        type: u1
        enum: header_tag
        valid:
          expr: >-
            _.to_i == 3 or _.to_i == 7 or _.to_i == 12 or _.to_i == 14 or _.to_i == 15
            or _.to_i == 16 or _.to_i >= 26
        doc: Later call managers have added tags before; those from 29 on are skipped.
      - id: length
        type: u2
        valid:
          expr: >-
            tag == header_tag::timestamp ? _ == 4
            : tag == header_tag::signer_version ? _ == 2
            : tag == header_tag::plaintext_digest ? _ == 1
            : _ > 0
      - id: value
        size: length
        type:
          switch-on: tag
          cases:
            header_tag::signer: signer
            header_tag::signature_info: signature_info
            header_tag::file_name: text
            header_tag::timestamp: number_4
            header_tag::encryption: encryption
            header_tag::plaintext_digest: digest_value
            header_tag::signer_version: version
  signer:
    seq:
      - id: fields
        type: signer_field
        repeat: eos
  signer_field:
    seq:
      - id: tag
        type: u1
        enum: signer_tag
        valid:
          in-enum: true
      - id: length
        type: u2
        valid:
          min: 1
      - id: value
        size: length
        type:
          switch-on: tag
          cases:
            signer_tag::name: text
            signer_tag::issuer: text
  signature_info:
    seq:
      - id: digest_prefix
        contents: [8, 0, 1]
      - id: digest
        type: u1
        enum: digest
        valid:
          in-enum: true
      - id: algorithm_prefix
        contents: [9, 0, 8, 10, 0, 1]
      - id: algorithm
        type: u1
      - id: modulus_prefix
        contents: [11, 0, 1]
      - id: modulus
        type: u1
        enum: modulus
  encryption:
    seq:
      - id: vector_prefix
        contents: [17, 0, 28, 18, 0, 1]
      - id: vector_marker
        type: u1
      - id: iv_prefix
        contents: [19, 0, 16]
      - id: iv
        size: 16
      - id: padding_prefix
        contents: [20, 0, 2]
      - id: padding
        type: u2
        valid:
          min: 1
        doc: Bytes at the end of the plaintext, of any value, that are dropped.
      - id: key_prefix
        contents: [21]
      - id: key_length
        type: u2
      - id: key
        size: key_length
        type: wrapped_key
  wrapped_key:
    seq:
      - id: marker_prefix
        contents: [22, 0, 1]
      - id: marker
        type: u1
      - id: bits_prefix
        contents: [23, 0, 2]
      - id: bits
        type: u2
      - id: cipher_prefix
        contents: [24, 0, 1]
      - id: cipher
        type: u1
      - id: wrapped_prefix
        contents: [25]
      - id: wrapped_length
        type: u2
      - id: wrapped
        size: wrapped_length
        doc: The content key, encrypted for the phone (RSA, PKCS 1 v1.5).
  record:
    seq:
      - id: length_prefix
        contents: [1, 0, 2]
      - id: length
        type: u2
        valid:
          min: 5
        doc: Bytes of the record, those of this element included.
      - id: fields
        size: length - 5
        type: record_fields
  record_fields:
    seq:
      - id: fields
        type: record_field
        repeat: eos
  record_field:
    seq:
      - id: tag
        type: u1
        enum: record_tag
      - id: length
        type: u2
        valid:
          expr: 'tag == record_tag::role ? _ == 2 : true'
      - id: value
        size: length
        type:
          switch-on: tag
          cases:
            record_tag::subject: text
            record_tag::role: role_value
            record_tag::issuer: text
            record_tag::hash_algorithm: digest_value
  role_value:
    seq:
      - id: code
        type: u2
        enum: role
  digest_value:
    seq:
      - id: algorithm
        type: u1
        enum: digest
  number_4:
    seq:
      - id: value
        type: u4
  version:
    seq:
      - id: major
        type: u1
      - id: minor
        type: u1
  text:
    doc: Text that ends in its only NUL.
    seq:
      - id: chars
        type: strz
        valid:
          expr: _io.eof

enums:
  header_tag:
    3: signer
    7: signature_info
    12: signature
    14: file_name
    15: timestamp
    16: encryption
    26: plaintext_digest
    27: plaintext_hash
    28: signer_version
  signer_tag:
    4: name
    5: serial
    6: issuer
  digest:
    1: sha1
    3: sha512
  modulus:
    0: bits_512
    1: bits_1024
    2: bits_2048
    3: bits_4096
  record_tag:
    2: host
    3: subject
    4: role
    5: issuer
    6: serial
    7: public_key
    8: signature
    9: certificate
    10: address
    11: certificate_hash
    12: hash_algorithm
  role:
    0: sast
    1: ccm
    2: ccm_tftp
    3: tftp
    4: capf
    7: app_server
    21: tvs
