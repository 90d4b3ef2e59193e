/// How often reading was begun at one place without getting past it: the trace of a record that ends the process.
///
/// Committed before the first record is read. A value; what it says is decided here, and a `PoisonGuard` keeps it.
struct Attempt: Equatable {
    /// So many ends may be accidents: of processes that began at one place, and then, with records going one at a
    /// time, of processes that had announced one record.
    static let accidents = 3

    /// Where reading begins.
    ///
    /// While records go one at a time it goes along.
    var place: Int64
    /// Starts from there, this one included; none when it was left behind.
    var count = 1
    /// The record that is processed alone.
    var announced: Int64?
    /// Processes that have announced it.
    var tries = 0
    /// The process that began; 0 when it gave the partition up in order.
    var process: Int

    /// What a process writes down when it begins to read at a place.
    init(at place: Int64, after last: Attempt?, process: Int) {
        self.init(place: place, process: process)
        guard let last, last.place == place, last.count > 0 else { return }
        // A process that finds its own trace is alive.
        let isOwn = last.process == process
        count = isOwn ? last.count : last.count + 1
        announced = isOwn ? nil : last.announced
        tries = isOwn ? 0 : last.tries
    }

    init(place: Int64, count: Int = 1, announced: Int64? = nil, tries: Int = 0, process: Int) {
        (self.place, self.count, self.process) = (place, count, process)
        (self.announced, self.tries) = (announced, tries)
    }

    /// Whether records have to go one at a time.
    var isSuspicious: Bool { count > Self.accidents }

    /// The record that has ended as many processes as cannot be accidents.
    var poison: Int64? { tries >= Self.accidents ? announced : nil }

    /// What a process writes down before it processes a record alone.
    func announcing(_ offset: Int64) -> Attempt {
        var next = self
        next.tries = announced == offset ? tries + 1 : 1
        next.announced = offset
        return next
    }

    /// What is left of it when everything before the next message is committed.
    func advanced(to next: Int64, isAlone: Bool) -> Attempt {
        guard count > 0, next > place else { return self }
        var advanced = self
        if let announced, announced < next { (advanced.announced, advanced.tries) = (nil, 0) }
        if isAlone { advanced.place = next } else { advanced.count = 0 }
        return advanced
    }

    /// What is left of it when its process gives the partition up in order: this start was no crash.
    ///
    /// What earlier processes announced stays, what this one did not.
    func ended(hasAnnounced: Bool) -> Attempt {
        guard count > 0, process != 0 else { return self }
        return Attempt(
            place: place,
            count: count - 1,
            announced: hasAnnounced ? nil : announced,
            tries: hasAnnounced ? 0 : tries,
            process: 0
        )
    }
}
