import CloudTrail

// What one rule alone reads: each value says what it is, so that a version without the rule keeps it.

extension ByteWriter {
    mutating func fields(_ fields: Fields) {
        list(fields.all) {
            $0.text($1.name.string)
            $0.field($1.value)
        }
    }

    private mutating func field(_ value: Fields.Value) {
        switch value {
        case .text(let text): tagged(0) { $0.text(text.string) }
        case .number(let number): tagged(1) { $0.signed(number) }
        case .flag(let flag): byte(flag ? 3 : 2)
        case .texts(let texts): tagged(4) { $0.list(texts) { $0.text($1.string) } }
        }
    }
}

extension ByteReader {
    mutating func fields() throws(StateError) -> Fields {
        var fields = Fields()
        var last: ExactText?
        for _ in 0..<(try count()) {
            let name = ExactText(try text())
            guard last.map({ $0 < name }) ?? true else { throw .malformed("fields are not in order") }
            last = name
            fields[name] = try field()
        }
        return fields
    }

    private mutating func field() throws(StateError) -> Fields.Value {
        switch try byte() {
        case 0: .text(ExactText(try text()))
        case 1: .number(try signed())
        case 2: .flag(false)
        case 3: .flag(true)
        case 4: .texts(try texts())
        case let tag: throw .malformed("no field has tag \(tag)")
        }
    }
}
