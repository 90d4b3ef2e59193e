internal import CPrefilter

extension RecordReader {
    /// Hands over what a parsed value holds; `raw` are its bytes.
    func open(
        _ value: JSONValue,
        _ raw: UnsafeRawBufferPointer,
        _ role: Role,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        if let text = value.text {
            guard context.wrappers > 0 else { return try openText(text, raw, context, body) }
            return try searchText(text, raw, context, body)
        }
        if value.isNull { return .nothing }
        if value.isArray, context.wrappers > 0 { return try searchElements(value, raw, context, body) }
        if value.isArray {
            // No value of this parse is used any more: the members are parsed anew, one by one.
            _ = try readMembers(raw, 1, .record, context, nil, body)
            return .done
        }
        guard value.isObject else {
            return .refused(Refusal(.wrongType, "neither an object nor a list"), broken: false)
        }
        let shape = Shape(value)
        if role == .logEvent {
            guard let text = shape.message?.text else {
                return .refused(Refusal(.wrongType, "message is no string"), broken: false)
            }
            return try openText(text, raw, context, body)
        }
        if shape.frame.isWhole {
            let lists = listsOfNames(shape, raw)
            let outcome = try openRecord(shape, value, raw, context, body)
            for list in lists { _ = try readMembers(list, 1, .record, context, nil, body) }
            return outcome
        }
        return try openKnown(shape, raw, context, body) ?? openUnknown(shape, value, raw, context, body)
    }

    /// Hands over what the text of a string of a document holds.
    private func openText(
        _ text: UTF8Text,
        _ document: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows
        -> Outcome
    {
        let before = met
        try readBytes(text.raw, context.inside(document.count), isFile: false, body)
        return met == before ? .nothing : .done
    }

    /// Containers and envelopes that are known by their form: whatever stands in them is read, or told to be unreadable.
    private func openKnown(
        _ shape: borrowing Shape,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome? {
        let wasSearching = searchProgress.isActive
        searchProgress.isActive = false
        defer { searchProgress.isActive = wasSearching }
        var inner = context
        inner.wrappers = 0
        return try openContainer(shape, raw, inner, body) ?? openEnvelope(shape, raw, inner, body)
    }

    /// Anything else: a message that is known to hold no records, a wrapper of unknown form, or a record that lacks
    /// something.
    private func openUnknown(
        _ shape: borrowing Shape,
        _ value: JSONValue,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        if shape.signs.contains(.ocsf) { return try openRecord(shape, value, raw, context, body) }
        if shape.frame.eventName == nil, shape.holdsNone { return .nothing }
        if let source = shape.frame.eventSource?.text, source == "aws:s3" { return .notification }
        if let outcome = try search(value, raw, context, body) { return outcome }
        if shape.isSentence { return .nothing }
        // In a wrapper many objects are no records; of a watched call that lacks something it is told.
        guard context.wrappers == 0 || shape.frame.isOfWatchedCall else {
            return .refused(.noRecord, broken: false)
        }
        return try openRecord(shape, value, raw, context, body)
    }

    /// Of the lists beside a record's own frame those that name events: what is read must not be hidden by it.
    private func listsOfNames(
        _ shape: borrowing Shape,
        _ raw: UnsafeRawBufferPointer
    ) -> [UnsafeRawBufferPointer] {
        guard shape.records != nil || shape.logEvents != nil || shape.events != nil else { return [] }
        return [shape.records, shape.logEvents, shape.events].compactMap { part in
            guard let part, part.value.isArray else { return nil }
            let list = rawValue(raw, part.ordinal)
            let names = prefilter.names(in: list)
            return names.suspicious || names.plain + names.escaped > 0 ? list : nil
        }
    }

    /// Lists of records whose key is not the document's first.
    ///
    /// An empty one beside a part of a frame makes no container of it: it is a record that lacks something.
    private func openContainer(
        _ shape: borrowing Shape,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome? {
        let hasFrame = shape.frame.eventName != nil || shape.frame.eventSource != nil
        func list(_ part: Shape.Part?) -> UnsafeRawBufferPointer? {
            guard let part, part.value.isArray,
                !hasFrame || part.value.elements.contains(where: { _ in true })
            else { return nil }
            return rawValue(raw, part.ordinal)
        }
        if let records = list(shape.records) {
            note(.logFile)
            _ = try readMembers(records, 1, .record, context, nil, body)
            return .done
        }
        if let events = list(shape.logEvents) {
            if let type = shape.messageType?.text, type == "CONTROL_MESSAGE" { return .nothing }
            note(.cloudWatchLogs)
            _ = try readMembers(events, 1, .logEvent, context, nil, body)
            return .done
        }
        if let events = list(shape.events) {
            note(.lookupEvents)
            _ = try readMembers(events, 1, .record, context, nil, body)
            return .done
        }
        return nil
    }

    /// Envelopes of one document, in the order in which they are recognised.
    private func openEnvelope(
        _ shape: borrowing Shape,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome? {
        if let part = shape.detail, shape.detailType != nil || part.value.member("eventName") != nil {
            note(.eventBridge)
            return try openDetail(shape, part, raw, context, body)
        }
        let hasFrame = shape.frame.eventName != nil || shape.frame.eventSource != nil
        if let part = shape.payload, shape.signs.contains(.schema) || !hasFrame {
            note(.connect)
            return try open(part.value, rawValue(raw, part.ordinal), .record, context, body)
        }
        if let part = shape.after, shape.signs.contains(.debezium), !hasFrame {
            note(.debezium)
            return try open(part.value, rawValue(raw, part.ordinal), .record, context, body)
        }
        return nil
    }

    private func openDetail(
        _ shape: borrowing Shape,
        _ part: Shape.Part,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        var inner = context
        inner.enclosing = AccountID(shape.account) ?? context.enclosing
        if part.value.isObject, part.value.member("eventName") == nil, !isFromCloudTrail(shape.detailType) {
            return .nothing  // another service's event
        }
        return try open(part.value, rawValue(raw, part.ordinal), .record, inner, body)
    }

    private func isFromCloudTrail(_ detailType: JSONValue?) -> Bool {
        detailType?.text?.hasSuffix("via CloudTrail") ?? false
    }

    /// A record, or a message that holds none.
    func openRecord(
        _ shape: borrowing Shape,
        _ value: JSONValue,
        _ raw: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        note(shape.signs.contains(.ocsf) && !shape.frame.isWhole ? .ocsf : .record)
        switch classify(shape, value, context) {
        case .found(let record): try emit(record, raw, body)
        case .ignored: try emitIgnored(1, body)
        case .nothing: return .nothing
        case .refused(let refusal): return .refused(refusal, broken: false)
        }
        return .done
    }

    private enum Verdict {
        case found(FoundRecord)
        case ignored
        case nothing
        case refused(Refusal)
    }

    private func classify(_ shape: borrowing Shape, _ value: JSONValue, _ context: Context) -> Verdict {
        let decoder = RecordDecoder(reader: self, context: context)
        do throws(Refusal) {
            if shape.signs.contains(.ocsf), !shape.frame.isWhole {
                return try decoder.decodeOCSF(value).map { .found(FoundRecord($0)) } ?? .ignored
            }
            if shape.frame.eventName == nil, shape.frame.eventSource == nil { throw .unrecognised(value) }
            if shape.frame.isWrapper { throw .unrecognised(value) }
            guard let frame = try decoder.validate(shape.frame), !frame.tellsNothing else { return .ignored }
            return .found(keep(frame))
        } catch {
            var refusal = error
            refusal.account = decoder.account(of: shape.frame)
            return .refused(refusal)
        }
    }
}
