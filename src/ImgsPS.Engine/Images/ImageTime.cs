using System;

namespace ImgsPS;

/// <summary>A point in time as the public objects have it.</summary>
internal static class ImageTime
{
    /// <summary>
    /// The time in UTC. Null for none, which is also what 1970-01-01 and Go's zero time say: reproducible builds write the first, and a
    /// Docker Engine's list has it for both (L4, FF6). So an image means the same in every store, and no age takes it by mistake.
    /// </summary>
    public static DateTimeOffset? Of(DateTimeOffset? time) =>
        time is { } given && given.ToUnixTimeSeconds() != 0 && given.UtcDateTime != DateTime.MinValue ? given.ToUniversalTime() : null;
}
