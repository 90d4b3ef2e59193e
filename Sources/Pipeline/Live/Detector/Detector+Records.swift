import CloudTrail
import Configuration
import Detection
import Kafka

// Records in: each to the engine once, in the order of its partition.

extension Detector {
    func take(_ batch: borrowing Batch) throws {
        guard isConsuming, !sources.needsSeek, !isReassigned else { return }
        guard !batch.messages.isEmpty || !batch.ends.isEmpty else { return }
        let notAfter = Intake.latestTime()
        let begun = ContinuousClock.now
        defer { engine.judgesLater = false }
        var current = -1
        for message in batch.messages {
            // What one record touches may be very much: a batch of such records must not take minutes.
            if !engine.judgesLater { engine.judgesLater = ContinuousClock.now - begun > Self.batchTime }
            if current < 0 || sources[current].name.partition != message.partition
                || sources[current].topic != message.topic
            {
                current = sources.consumed(message.topic, message.partition) ?? -1
                if current < 0 { continue }
            }
            // What is not owned or was read before is what librdkafka repeats around a rebalance.
            guard message.offset >= sources[current].next else { continue }
            if sources[current].isNextSuspected {
                guard try readAlone(message, of: current, notAfter: notAfter) else { return }
            } else {
                try read(message, of: current, notAfter: notAfter)
            }
            sources[current].next = message.offset + 1
            sources[current].isAtEnd = false
        }
        for end in batch.ends {
            guard let index = sources.noteEnd(end) else { continue }
            if end.offset > sources[index].committed {
                // Behind a transaction's last record stands its marker, and no reader shall seem to lag by that.
                noteChange()
                shares[sources[index].name.partition]?.isTouched = true
            }
        }
        delayUndetermined()
    }

    func read(_ message: Message, of index: Int, notAfter: EventTime) throws {
        let name = sources[index].name
        noteChange()
        shares[name.partition]?.isTouched = true
        guard let payload = message.payload else {
            count(in: name.partition) { $0.ignored += 1 }
            return
        }
        var place = 0
        try records.read(message: payload, account: account(of: message)) { reading in
            switch reading {
            case .ignored(let count):
                self.count(in: name.partition, count) { $0.ignored += count }
                place += count
            case .record(let found, let bytes):
                let record = found.decoded()
                if bytes.count <= largeRecordBytes || engine.holds(record) {
                    try judge(record, of: index, at: message.offset, notAfter: notAfter)
                } else {
                    bury(tooLarge(record, bytes, at: place), message, of: index)
                }
                place += 1
            case .deadLetter(let letter):
                bury(letter, message, of: index)
                place += 1
            }
        }
    }

    /// The account under which the intake, with the envelope at hand, has put a record.
    func account(of message: Message) -> AccountID? {
        configuration.input.isKeyedByAccount ? nil : message.key.flatMap { AccountID(utf8: $0) }
    }

    private func bury(_ letter: DeadLetter, _ message: Message, of index: Int) {
        let name = sources[index].name
        pending.append(
            DeadLetterMessage(lost: LostRecord(letter), place: MessagePlace(message, in: name))
        )
        count(in: name.partition, letter.count) { $0.deadLettered += letter.count }
    }

    private func tooLarge(
        _ record: Record,
        _ bytes: UnsafeRawBufferPointer,
        at place: Int
    ) -> DeadLetter {
        DeadLetter(
            reason: .tooLarge,
            text: "\(bytes.count) bytes, and what one call tells of a thing fits no message of the state",
            recordIndex: place,
            bytes: bytes,
            byteOffset: records.offset(of: bytes),
            account: record.account
        )
    }

    /// Says, once a minute at most, that facts were forgotten before their time.
    func tellForgotten() {
        let forgotten = engine.forgottenEarly
        guard forgotten.count > toldForgotten.count,
            toldForgotten.at.map({ ContinuousClock.now - $0 >= .seconds(60) }) ?? true
        else { return }
        log.warning(
            "history of one resource is full; its oldest changes are forgotten before the horizon",
            [
                "account": "\(forgotten.account)", "changes": .number(forgotten.count - toldForgotten.count),
            ]
        )
        toldForgotten = (forgotten.count, .now)
    }

    private func judge(
        _ record: Record,
        of index: Int,
        at offset: Int64,
        notAfter: EventTime
    ) throws {
        let name = sources[index].name
        guard partitioner.partition(of: record.account) == name.partition else {
            throw misplaced(record.account, name, offset)
        }
        if record.time <= notAfter, record.time > sources[index].watermark, !record.isInventory {
            sources[index].watermark = record.time
        }
        let outcome = engine.process(record, notAfter: notAfter, into: &pending.alerts)
        count(in: name.partition) {
            // What was committed once is counted once, even if the engine has forgotten it meanwhile.
            if outcome == .applied, offset >= sources[index].reached {
                $0.applied += 1
            } else {
                $0.duplicate += 1
            }
        }
    }

    func count(in partition: Int32, _ records: Int = 1, _ change: (inout DetectorBalance) -> Void) {
        pending.countRecords(records)
        shares[partition]?.pending.read += records
        if shares[partition] != nil { change(&shares[partition, default: Share()].pending) }
    }

    private func misplaced(_ account: AccountID, _ name: TopicPartition, _ offset: Int64) -> RunFailure {
        let should = partitioner.partition(of: account)
        guard configuration.input.isKeyedByAccount else {
            return RunFailure(
                "\(name)@\(offset): a record of account \(account) lies here, and belongs on partition \(should); "
                    + "let nothing but amiwatch write to this topic"
            )
        }
        return RunFailure(
            "\(name)@\(offset): a record of account \(account) lies here, and input.partitioner puts it on "
                + "partition \(should): name the partitioner of its producer, or set keyed_by_account: false"
        )
    }

    func delayUndetermined() {
        guard !engine.unsettled.isEmpty else { return }
        let due = ContinuousClock.now + .seconds(configuration.detector.settleSeconds)
        verdicts.delay(engine.takeUnsettled(), until: due)
    }

    func judgeBacklog() {
        noteChange()
        let begun = ContinuousClock.now
        var count = 0
        while engine.hasBacklog, count < Self.sliceSubjects, ContinuousClock.now - begun < Self.sliceTime {
            engine.judgeBacklog(atMost: Self.judgedAtOnce, into: &pending.alerts)
            count += Self.judgedAtOnce
        }
        delayUndetermined()
    }

    private static let judgedAtOnce = 100

    /// Evaluates the subjects that wait for more facts.
    func takeUpDeferred(isIdle: Bool) {
        guard verdicts.endsDeferral(engine, isIdle: isIdle, now: .now) else { return }
        noteChange()
        engine.takeUpDeferred()
    }
}
