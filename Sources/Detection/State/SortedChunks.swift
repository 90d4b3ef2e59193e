/// Elements in order, in pieces of a few hundred, so that coming and going costs the same whether there are a
/// thousand or a million of them.
struct SortedChunks<Element: Sendable>: Sendable {
    /// Where an element is, or would go.
    struct Position {
        fileprivate var chunk: Int
        fileprivate var offset: Int
    }

    /// The pieces, none of them empty; the first stands apart, so that a few elements need no list of pieces.
    private struct Chunks: Sendable {
        var first: [Element] = []
        var others: [[Element]] = []

        var count: Int { first.isEmpty ? 0 : 1 + others.count }

        subscript(number: Int) -> [Element] {
            _read {
                if number == 0 { yield first } else { yield others[number - 1] }
            }
            _modify {
                if number == 0 { yield &first } else { yield &others[number - 1] }
            }
        }

        mutating func insert(_ chunk: [Element], at number: Int) {
            if number > 0 { others.insert(chunk, at: number - 1) } else { first = chunk }
        }

        mutating func remove(at number: Int) {
            if number > 0 {
                others.remove(at: number - 1)
            } else {
                first = others.isEmpty ? [] : others.removeFirst()
            }
        }
    }

    private var chunks = Chunks()

    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { chunks.first.first }

    /// Whether all elements come before a wanted one.
    func allPrecede(_ comesBefore: (Element) -> Bool) -> Bool {
        if chunks.others.isEmpty {
            return chunks.first.isEmpty || comesBefore(chunks.first[chunks.first.count - 1])
        }
        let last = chunks.others.count - 1
        return comesBefore(chunks.others[last][chunks.others[last].count - 1])
    }

    /// Adds an element that comes behind all others.
    mutating func append(_ element: Element) {
        guard chunks.others.isEmpty, chunks.first.count < Self.chunkCount else {
            return insert(element, at: Position(chunk: chunks.count, offset: 0))
        }
        count += 1
        chunks.first.append(element)
    }

    /// The place of the first element that does not come before a wanted one.
    func position(of comesBefore: (Element) -> Bool) -> Position {
        guard allPrecede(comesBefore), !isEmpty else {
            let chunk = Self.partition(chunks.count) { chunks[$0].last.map(comesBefore) ?? false }
            guard chunk < chunks.count else { return Position(chunk: chunk, offset: 0) }
            let offset = chunks[chunk].withUnsafeBufferPointer { elements in
                Self.partition(elements.count) { comesBefore(elements[$0]) }
            }
            return Position(chunk: chunk, offset: offset)
        }
        return Position(chunk: chunks.count, offset: 0)
    }

    /// The element at a place; nil behind the last.
    subscript(position: Position) -> Element? {
        position.chunk < chunks.count ? chunks[position.chunk][position.offset] : nil
    }

    /// The element of a number, counted from 0; near the beginning.
    func element(_ number: Int) -> Element? {
        var rest = number
        for chunk in 0..<chunks.count {
            if rest < chunks[chunk].count { return chunks[chunk][rest] }
            rest -= chunks[chunk].count
        }
        return nil
    }

    mutating func insert(_ element: Element, at position: Position) {
        var position = position
        count += 1
        if position.chunk == chunks.count {
            let last = chunks.count - 1
            guard last >= 0, chunks[last].count < Self.chunkCount else {
                chunks.insert([element], at: chunks.count)
                return
            }
            position = Position(chunk: last, offset: chunks[last].count)
        }
        if chunks[position.chunk].count == Self.chunkCount {
            // Both halves anew, for an array that had to grow keeps twice the room that it needs.
            let (chunk, half) = (chunks[position.chunk], Self.chunkCount / 2)
            chunks[position.chunk] = Array(chunk[..<half])
            chunks.insert(Array(chunk[half...]), at: position.chunk + 1)
            if position.offset > half {
                position = Position(chunk: position.chunk + 1, offset: position.offset - half)
            }
        }
        chunks[position.chunk].put(element, at: position.offset)
    }

    mutating func remove(at position: Position) {
        count -= 1
        chunks[position.chunk].remove(at: position.offset)
        if chunks[position.chunk].isEmpty { chunks.remove(at: position.chunk) }
    }

    mutating func replace(at position: Position, by element: Element) {
        chunks[position.chunk][position.offset] = element
    }

    /// The elements from a place on, in order, as long as the closure wants more.
    func forEach(from position: Position, _ body: (Element) -> Bool) {
        var offset = position.offset
        for number in min(position.chunk, chunks.count)..<chunks.count {
            let chunk = chunks[number]
            for index in offset..<chunk.count where !body(chunk[index]) { return }
            offset = 0
        }
    }

    /// The elements before a place, the last first, as long as the closure wants more.
    func forEachBackwards(before position: Position, _ body: (Element) -> Bool) {
        for number in (0..<min(position.chunk + 1, chunks.count)).reversed() {
            let chunk = chunks[number]
            let end = number == position.chunk ? position.offset : chunk.count
            for index in (0..<end).reversed() where !body(chunk[index]) { return }
        }
    }

    /// All elements, in order.
    var all: some Sequence<Element> { (0..<chunks.count).lazy.flatMap { [chunks] in chunks[$0] } }

    private static var chunkCount: Int { 256 }

    /// The first number for which a condition does not hold; it holds for all those before it.
    private static func partition(_ count: Int, _ holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
