import CloudTrail

/// Finds rows of a table by the id that they are about: 6 to 11 bytes a row.
///
/// Open addressing. Beside a row's number stands a part of its fingerprint, so that rows of other ids are hardly ever
/// looked at.
struct RowIndex: Sendable {
    /// The number of a row.
    typealias Number = UInt32

    private var numbers: [Number] = []
    /// 0 where there is no row.
    private var tags: [UInt8] = []
    private(set) var count = 0

    private var mask: Int { numbers.count - 1 }

    /// The row of an id that is the wanted one; nil when there is none.
    func find(_ id: ResourceID, _ isWanted: (Number) -> Bool) -> Number? {
        guard count > 0, let place = place(of: Self.fingerprint(of: id), isWanted), tags[place] > 0 else {
            return nil
        }
        return numbers[place]
    }

    /// Notes the row of an id, which is not noted yet.
    ///
    /// `idOf` tells the id of a row that was noted before.
    mutating func insert(_ number: Number, _ id: ResourceID, idOf: (Number) -> ResourceID?) {
        reserve(1, idOf: idOf)
        put(number, Self.fingerprint(of: id))
        count += 1
    }

    /// Takes a row out that is there.
    mutating func remove(_ number: Number, _ id: ResourceID, idOf: (Number) -> ResourceID?) {
        guard count > 0, var hole = place(of: Self.fingerprint(of: id), { $0 == number }), tags[hole] > 0
        else { return }
        count -= 1
        tags[hole] = 0
        // What stands behind the hole moves up, unless its own place comes after it.
        var next = (hole + 1) & mask
        while tags[next] > 0 {
            let home = idOf(numbers[next]).map { Int(truncatingIfNeeded: Self.fingerprint(of: $0)) & mask }
            if let home, (next - home) & mask >= (next - hole) & mask {
                (numbers[hole], tags[hole]) = (numbers[next], tags[next])
                tags[next] = 0
                hole = next
            }
            next = (next + 1) & mask
        }
    }

    /// Makes room for so many more rows.
    mutating func reserve(_ more: Int, idOf: (Number) -> ResourceID?) {
        var size = max(16, numbers.count)
        while (count + more) * 8 > size * 7 { size *= 2 }
        if size == numbers.count { return }
        let old = zip(numbers, tags)
        numbers = [Number](repeating: 0, count: size)
        tags = [UInt8](repeating: 0, count: size)
        for (number, tag) in old where tag > 0 {
            if let id = idOf(number) { put(number, Self.fingerprint(of: id)) }
        }
    }

    private mutating func put(_ number: Number, _ fingerprint: UInt64) {
        var place = Int(truncatingIfNeeded: fingerprint) & mask
        while tags[place] > 0 { place = (place + 1) & mask }
        (numbers[place], tags[place]) = (number, Self.tag(fingerprint))
    }

    private func place(of fingerprint: UInt64, _ isWanted: (Number) -> Bool) -> Int? {
        let tag = Self.tag(fingerprint)
        var place = Int(truncatingIfNeeded: fingerprint) & mask
        while tags[place] > 0, tags[place] != tag || !isWanted(numbers[place]) { place = (place + 1) & mask }
        return place
    }

    private static func fingerprint(of id: ResourceID) -> UInt64 {
        var fingerprint = TextFingerprint()
        id.feed(to: &fingerprint)
        return fingerprint.value
    }

    /// Of the bits that name no place in a table of any size.
    private static func tag(_ fingerprint: UInt64) -> UInt8 { UInt8(fingerprint >> 57) | 0x80 }
}

/// The rows of a table, in pieces of one size, so that it grows without being copied; rows that are free are used again.
struct Rows<Row: Sendable>: Sendable {
    typealias Number = RowIndex.Number

    private var pieces: [ContiguousArray<Row>] = []
    private var free: [Number] = []
    /// Rows, those that are free among them.
    private(set) var count = 0

    private static var pieceCount: Int { 1024 }

    subscript(number: Number) -> Row {
        _read { yield pieces[Int(number) / Self.pieceCount][Int(number) % Self.pieceCount] }
        _modify { yield &pieces[Int(number) / Self.pieceCount][Int(number) % Self.pieceCount] }
    }

    /// Puts a row anywhere; its number.
    mutating func add(_ row: Row) -> Number {
        if let number = free.popLast() {
            self[number] = row
            return number
        }
        if count % Self.pieceCount == 0 {
            pieces.append([])
            // The first grows as needed: most tables stay small.
            if count > 0 { pieces[pieces.count - 1].reserveCapacity(Self.pieceCount) }
        }
        pieces[pieces.count - 1].append(row)
        count += 1
        return Number(count - 1)
    }

    /// Lets a row be used again, which stays in its place meanwhile as what is given.
    mutating func free(_ number: Number, as row: Row) {
        self[number] = row
        free.append(number)
    }

    /// The numbers of all rows.
    var numbers: Range<Number> { 0..<Number(count) }
}
