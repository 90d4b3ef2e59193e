internal import Compression

extension RecordReader {
    /// Reads a message value, a file, or the text of a string: compressed, base64, or JSON.
    func readBytes(
        _ input: UnsafeRawBufferPointer,
        _ context: Context,
        isFile: Bool,
        _ body: (Reading) throws -> Void
    ) rethrows {
        guard context.level < limits.nesting else {
            return try emit(Refusal(.tooDeep, "documents are nested too deep"), input, body)
        }
        guard context.held <= 2 * limits.message else {
            let text = "documents in documents hold more than \(2 * limits.message) bytes"
            return try emit(Refusal(.tooLarge, text), input, body)
        }
        let outer = brokenOther
        brokenOther = UnsafeRawBufferPointer(start: nil, count: 0)
        defer { brokenOther = outer }
        if let format = Decompressor.Format(magic: input) {
            return try readCompressed(input, format, context, isFile: isFile, body)
        }
        let bytes = input.withoutMark
        let start = bytes.skippingSpace(from: 0)
        guard start < bytes.count else { return }
        if context.opensBase64, bytes[start] != 0x7B, bytes[start] != 0x5B, bytes[start] != 0x22,
            try readBase64(bytes, context, isFile: isFile, body)
        {
            return
        }
        try readSequence(bytes, context, cut: nil, body)
    }

    private func readCompressed(
        _ input: UnsafeRawBufferPointer,
        _ format: Decompressor.Format,
        _ context: Context,
        isFile: Bool,
        _ body: (Reading) throws -> Void
    ) rethrows {
        let output = level(context.level).decompressor.decompress(
            input,
            as: format,
            limits: limits.decompression,
            source: sourceBytes,
            spent: unpacked
        )
        unpacked += output.bytes.count
        var inner = context
        inner.level += 1
        guard let problem = output.problem else {
            return try readBytes(output.bytes, inner, isFile: isFile, body)
        }
        let refusal = Refusal(problem)
        // A bomb gives nothing; a cut or damage gives what stands before it.
        let isCap = refusal.reason == .decompressedTooLarge || refusal.reason == .compressionRatio
        if isCap && !isFile || Decompressor.Format(magic: output.bytes) != nil {
            return try emit(refusal, input, body)
        }
        try readSequence(
            output.bytes.withoutMark,
            inner,
            cut: EarlyEnd(refusal: refusal, source: input),
            body
        )
    }

    /// Reads base64 of compressed data or of JSON; false when the text is neither.
    func readBase64(
        _ text: UnsafeRawBufferPointer,
        _ context: Context,
        isFile: Bool,
        _ body: (Reading) throws -> Void
    ) rethrows -> Bool {
        var inner = context
        inner.level += 1
        let level = level(context.level)
        var decoder = level.base64
        level.base64 = Base64Decoder()
        defer { level.base64 = decoder }
        return try decoder.decode(text) { decoded in
            guard let decoded else { return false }
            if Decompressor.Format(magic: decoded) == nil {
                let start = decoded.skippingSpace(from: 0)
                guard start < decoded.count, decoded[start] == 0x7B || decoded[start] == 0x5B else {
                    return false
                }
            }
            try readBytes(decoded, inner, isFile: isFile, body)
            return true
        }
    }
}

extension Refusal {
    init(_ error: CompressionError) {
        switch error {
        case .truncated: self.init(.truncated, error.text)
        case .corrupt: self.init(.compressionDamaged, error.text)
        case .tooLarge: self.init(.decompressedTooLarge, error.text)
        case .ratioTooHigh: self.init(.compressionRatio, error.text)
        case .outOfMemory: self.init(.outOfMemory, error.text)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The first offset, from one on, that is no JSON white space; the count when there is none.
    @inline(__always)
    func skippingSpace(from start: Int) -> Int {
        var position = start
        while position < count {
            switch self[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return position
            }
        }
        return position
    }

    /// The text without a byte order mark.
    var withoutMark: UnsafeRawBufferPointer { starts(with: [0xEF, 0xBB, 0xBF]) ? part(3, count) : self }

    /// A part of it, by offsets.
    @inline(__always)
    func part(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[start..<Swift.max(start, end)])
    }
}
