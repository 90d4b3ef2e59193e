/// The elements of a list in any of the forms in which CloudTrail has lists: an array, `items` or `item`, one element
/// alone, or the empty text for none.
struct JSONList: Sequence, IteratorProtocol {
    private var elements: JSONValue.Elements?
    private var single: JSONValue?

    /// The list that a value is; an absent one is empty.
    init(_ value: JSONValue?) {
        guard var value else { return }
        while let items = value.member("items") ?? value.member("item") { value = items }
        if value.isArray {
            elements = value.elements
        } else if !value.isEmpty {
            single = value
        }
    }

    var isEmpty: Bool {
        var rest = self
        return rest.next() == nil
    }

    mutating func next() -> JSONValue? {
        guard elements == nil else { return elements?.next() }
        defer { single = nil }
        return single
    }
}

extension JSONValue {
    /// The elements of this value as a list.
    var list: JSONList { JSONList(self) }

    /// Whether there is nothing in it: null, the empty text, or an object without members.
    fileprivate var isEmpty: Bool {
        if isObject { return !members.contains { _ in true } }
        return isNull || text?.isEmpty ?? false
    }
}

extension JSONValue? {
    /// The elements of this value as a list; of none when it is absent.
    var list: JSONList { JSONList(self) }
}

extension Array where Element: Hashable & Comparable {
    /// The elements in order, each once.
    var sortedOnce: [Element] { count < 2 ? self : Set(self).sorted() }
}
