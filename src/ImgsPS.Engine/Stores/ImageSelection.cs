using System;

namespace ImgsPS.Stores;

/// <summary>What a user asks a store for: a name, an image that was listed, or a wildcard. Immutable.</summary>
/// <param name="Image">The name, or the listed image; of a wildcard its text.</param>
/// <param name="Compile">Makes the test of a wildcard, and of a part of one; null for a name.</param>
internal sealed record ImageSelection(ImageIdentity Image, Func<string, Func<string, bool>>? Compile = null);
