using System;

namespace ImgsPS.Stores.Layout;

/// <summary>What the file system says of a blob.</summary>
/// <param name="Size">Bytes of its file.</param>
/// <param name="Time">When the file was last written: when the blob came to the store.</param>
internal sealed record BlobStat(long Size, DateTimeOffset Time);
