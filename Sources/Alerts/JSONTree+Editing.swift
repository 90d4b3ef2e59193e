internal import CloudTrail

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    package init(stringLiteral text: String) { self = .string(text) }

    /// An object with these keys, in this order.
    package init(dictionaryLiteral members: (String, JSONTree)...) {
        self = .object(members.map { Member(key: $0.0, value: $0.1) })
    }

    /// The same with a JSON merge patch applied (RFC 7396): null takes a key away, an object changes an object key by
    /// key, anything else replaces.
    package func patched(by patch: JSONTree) -> JSONTree {
        guard case .object(let changes) = patch else { return patch }
        var members: [Member] = []
        if case .object(let own) = self { members = own }
        for change in changes {
            let index = members.firstIndex { $0.key.hasSameBytes(as: change.key) }
            if case .null = change.value {
                if let index { members.remove(at: index) }
            } else if let index {
                members[index] = Member(
                    key: change.key,
                    value: members[index].value.patched(by: change.value)
                )
            } else {
                members.append(Member(key: change.key, value: JSONTree.null.patched(by: change.value)))
            }
        }
        return .object(members)
    }
}
