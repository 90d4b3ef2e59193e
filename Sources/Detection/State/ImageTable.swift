import CloudTrail

/// What is known about images: about those that came up lately as it is worked with, about all others packed.
struct ImageTable: Sendable {
    private enum Content: Sendable {
        case free
        case open(ImageFacts)
        case packed(PackedImage)
    }

    private struct Row: Sendable {
        let id: ResourceID
        var content: Content

        var isUsed: Bool { if case .free = content { false } else { true } }
    }

    private var rows = Rows<Row>()
    private var index = RowIndex()
    /// The row that was changed last: what is told of an image comes together as a rule.
    private var recent: RowIndex.Number = 0
    /// The rows that were opened, in that order, and that may be packed again.
    private var opened: [RowIndex.Number] = []
    /// So many are worked with at most.
    private let openAtMost: Int

    init(openAtMost: Int) { self.openAtMost = max(1, openAtMost) }

    /// Images of which anything is known.
    var count: Int { index.count }

    private func number(of id: ResourceID) -> RowIndex.Number? {
        if recent < rows.count, rows[recent].id == id, rows[recent].isUsed { return recent }
        return index.find(id) { rows[$0].id == id }
    }

    /// What is known about an image; that of a packed one is unpacked for whoever asks.
    subscript(id: ResourceID) -> ImageFacts? { number(of: id).flatMap { facts(in: $0) } }

    private func facts(in number: RowIndex.Number) -> ImageFacts? {
        switch rows[number].content {
        case .free: nil
        case .open(let facts): facts
        case .packed(let packed): packed.facts
        }
    }

    /// What is known of one attribute of an image.
    func timeline(_ id: ResourceID, _ attribute: ImageAttribute) -> Timeline {
        guard let number = number(of: id) else { return Timeline() }
        if attribute == .firstUse, case .packed(let packed) = rows[number].content {
            return Timeline(sorted: packed.firstUse[...])
        }
        return facts(in: number)?.timeline(attribute) ?? Timeline()
    }

    /// The launches of an image in the second of the first of them.
    func firstLaunches(of id: ResourceID) -> [Launch] {
        guard let number = number(of: id) else { return [] }
        if case .packed(let packed) = rows[number].content, let launches = packed.firstLaunches {
            return launches
        }
        return facts(in: number)?.launches.ofFirstSecond ?? []
    }

    /// Puts a fact on an attribute's timeline.
    mutating func insert(
        _ fact: Fact,
        _ id: ResourceID,
        _ attribute: ImageAttribute,
        keepsFirstOnly: Bool
    ) -> FactInsertion {
        if attribute == .firstUse, changePacked(id, { $0.add(firstUse: fact) }) { return .inserted }
        return change(id) { $0.insert(fact, attribute, keepsFirstOnly: keepsFirstOnly) }
    }

    /// Lists a launch with the image that it is of.
    mutating func insert(_ launch: Launch, of id: ResourceID, by precedes: LaunchIndex.Order) {
        if changePacked(id, { $0.add(launch) }) { return }
        change(id) { $0.launches.insert(launch, by: precedes) }
    }

    /// Notes that the policy of a number approves an image: of one that is packed it is found out again.
    mutating func noteApproved(_ id: ResourceID, by policy: UInt32) {
        guard let number = number(of: id), case .open = rows[number].content else { return }
        change(id) { $0.noteApproved(by: policy) }
    }

    /// Changes a packed image that is not opened; false when it has to be.
    private mutating func changePacked(_ id: ResourceID, _ body: (inout PackedImage) -> Bool) -> Bool {
        guard let number = number(of: id), case .packed(var packed) = rows[number].content else {
            return false
        }
        // The one reference, so that nothing is copied.
        rows[number].content = .free
        let isChanged = body(&packed)
        rows[number].content = .packed(packed)
        recent = number
        return isChanged
    }

    /// Changes what is known about an image, be it nothing; what is empty then is forgotten.
    mutating func change<Result>(_ id: ResourceID, _ body: (inout ImageFacts) -> Result) -> Result {
        let number = number(of: id) ?? add(id)
        var facts = facts(in: number) ?? ImageFacts()
        let isOpen = if case .open = rows[number].content { true } else { false }
        // The one reference, so that nothing is copied.
        rows[number].content = .free
        let result = body(&facts)
        guard !facts.isEmpty else {
            index.remove(number, id) { [rows] in rows[$0].id }
            rows.free(number, as: Row(id: id, content: .free))
            return result
        }
        rows[number].content = .open(facts)
        recent = number
        if !isOpen { noteOpened(number) }
        return result
    }

    private mutating func add(_ id: ResourceID) -> RowIndex.Number {
        let number = rows.add(Row(id: id, content: .free))
        index.insert(number, id) { [rows] in rows[$0].id }
        return number
    }

    private mutating func noteOpened(_ number: RowIndex.Number) {
        opened.append(number)
        guard opened.count > openAtMost else { return }
        // Many at once, for each time the rest moves up.
        let packed = opened.prefix(opened.count - openAtMost + openAtMost / 4)
        var packing = ImagePacking()
        for number in packed {
            guard case .open(let facts) = rows[number].content,
                let image = packing.packed(facts)
            else { continue }
            rows[number].content = .packed(image)
        }
        opened.removeFirst(packed.count)
    }

    /// Makes room for so many more.
    mutating func reserve(_ more: Int) { index.reserve(more) { [rows] in rows[$0].id } }

    // MARK: All of them

    /// The ids of all.
    var keys: some Sequence<ResourceID> {
        rows.numbers.lazy.compactMap { [self] number in
            rows[number].isUsed ? rows[number].id : nil
        }
    }

    /// All, each unpacked for whoever asks.
    var all: some Sequence<(id: ResourceID, facts: ImageFacts)> {
        rows.numbers.lazy.compactMap { [self] number in
            facts(in: number).map { (rows[number].id, $0) }
        }
    }

    /// The first image in a row of a number, or behind it; nil when there is none.
    func next(from row: RowIndex.Number) -> (row: RowIndex.Number, id: ResourceID, facts: ImageFacts)? {
        for number in row..<max(row, rows.numbers.upperBound) {
            if let facts = facts(in: number) { return (number, rows[number].id, facts) }
        }
        return nil
    }

    /// So many ids behind one of them, or from the start; nil when that one is gone.
    func keys(behind last: ResourceID?, atMost count: Int) -> [ResourceID]? {
        var next: RowIndex.Number = 0
        if let last {
            guard let number = number(of: last) else { return nil }
            next = number + 1
        }
        var piece: [ResourceID] = []
        while next < rows.numbers.upperBound, piece.count < count {
            if rows[next].isUsed { piece.append(rows[next].id) }
            next += 1
        }
        return piece
    }
}
