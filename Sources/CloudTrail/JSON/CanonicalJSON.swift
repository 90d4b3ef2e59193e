extension JSONValue {
    /// This value as JSON with sorted keys and nothing that could be left out: equal values give equal text.
    var canonical: String {
        var json = JSONWriter()
        write(to: &json)
        return json.text
    }

    private func write(to json: inout JSONWriter) {
        if isObject {
            var members: [ExactText: JSONValue] = [:]
            for (key, value) in self.members { members[ExactText(key.string)] = value }
            json.object { json in
                for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                    json.key(text: key.string)
                    value.write(to: &json)
                }
            }
        } else if isArray {
            json.array { json in for element in elements { element.write(to: &json) } }
        } else if isString {
            json.string(text?.string)
        } else if let bool {
            json.boolean(bool)
        } else if let number = integer.map({ String($0) }) ?? scalar {
            json.number(number)
        } else {
            json.string(nil)
        }
    }
}
