/// Writes one line of JSON, members in the order of the calls.
struct JSONWriter {
    private(set) var text = ""
    private var needsComma = false

    private mutating func separate() {
        if needsComma { text += "," }
        needsComma = true
    }

    private mutating func enclosed(_ open: String, _ close: String, _ body: (inout JSONWriter) -> Void) {
        separate()
        text += open
        needsComma = false
        body(&self)
        text += close
        needsComma = true
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) { enclosed("{", "}", body) }

    mutating func array(_ body: (inout JSONWriter) -> Void) { enclosed("[", "]", body) }

    mutating func value(_ value: String) {
        separate()
        text.appendJSON(value)
    }

    private mutating func key(_ key: String) {
        separate()
        text.appendJSON(key)
        text += ":"
        needsComma = false
    }

    /// A member, unless it is nil.
    mutating func member(_ key: String, _ value: String?) {
        guard let value else { return }
        self.key(key)
        self.value(value)
    }

    mutating func member(_ key: String, _ value: Bool?) {
        guard let value else { return }
        self.key(key)
        text += value ? "true" : "false"
        needsComma = true
    }

    mutating func member(_ key: String, _ value: Int?) {
        guard let value else { return }
        self.key(key)
        text += String(value)
        needsComma = true
    }

    mutating func texts(_ key: String, _ values: [String]?) {
        guard let values else { return }
        list(key, values, whenEmpty: true) { $0.value($1) }
    }

    /// A member that is a list; left out when it is empty, unless that says something.
    mutating func list<Values: Collection>(
        _ key: String,
        _ values: Values,
        whenEmpty: Bool = false,
        _ each: (inout JSONWriter, Values.Element) -> Void
    ) {
        guard whenEmpty || !values.isEmpty else { return }
        self.key(key)
        array { for value in values { each(&$0, value) } }
    }
}
