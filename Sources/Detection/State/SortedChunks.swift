/// Elements in order, in pieces of a few hundred, so that coming and going costs the same whether there are a
/// thousand or a million of them.
struct SortedChunks<Element: Sendable>: Sendable {
    /// Where an element is, or would go.
    struct Position {
        fileprivate var chunk: Int
        fileprivate var offset: Int
    }

    // None is empty.
    private var chunks: [[Element]] = []

    private(set) var count = 0

    var isEmpty: Bool { chunks.isEmpty }
    var first: Element? { chunks.first?.first }
    var last: Element? { chunks.last?.last }

    /// The place of the first element that does not come before a wanted one.
    func position(of comesBefore: (Element) -> Bool) -> Position {
        guard let last, comesBefore(last) else {
            let chunk = Self.partition(chunks.count) { chunks[$0].last.map(comesBefore) ?? false }
            guard chunk < chunks.count else { return Position(chunk: chunk, offset: 0) }
            return Position(
                chunk: chunk,
                offset: Self.partition(chunks[chunk].count) { comesBefore(chunks[chunk][$0]) }
            )
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
        for chunk in chunks {
            if rest < chunk.count { return chunk[rest] }
            rest -= chunk.count
        }
        return nil
    }

    mutating func insert(_ element: Element, at position: Position) {
        var position = position
        count += 1
        if position.chunk == chunks.count {
            guard let last = chunks.indices.last, chunks[last].count < Self.chunkCount else {
                chunks.append([element])
                return
            }
            position = Position(chunk: last, offset: chunks[last].count)
        }
        chunks[position.chunk].insert(element, at: position.offset)
        guard chunks[position.chunk].count > Self.chunkCount else { return }
        let half = chunks[position.chunk].count / 2
        chunks.insert(Array(chunks[position.chunk][half...]), at: position.chunk + 1)
        chunks[position.chunk].removeSubrange(half...)
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
        for chunk in chunks.dropFirst(position.chunk) {
            for index in offset..<chunk.count where !body(chunk[index]) { return }
            offset = 0
        }
    }

    /// All elements, in order.
    var all: some Sequence<Element> { chunks.lazy.joined() }

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
