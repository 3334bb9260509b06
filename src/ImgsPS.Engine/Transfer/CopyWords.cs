using System.Collections.Generic;

namespace ImgsPS.Transfer;

/// <summary>What a copy tells its observer, in docker's words for what the user does. Immutable.</summary>
internal abstract class CopyWords
{
    /// <summary>Of a pull (U1).</summary>
    public static readonly CopyWords Pull = new PullWords();

    /// <summary>Of a push (PU18), and of any other copy into a registry.</summary>
    public static readonly CopyWords Push = new PushWords();

    private CopyWords()
    {
    }

    /// <summary>Of a layer that the target has.</summary>
    public abstract string Exists { get; }

    /// <summary>Of a layer that is about to be copied.</summary>
    public abstract string Begins { get; }

    /// <summary>Of a layer's progress.</summary>
    public abstract string Doing { get; }

    /// <summary>Of a layer that was copied.</summary>
    public abstract string Done { get; }

    /// <summary>Of a layer that was copied, once its image is named; null for nothing.</summary>
    public abstract string? Named { get; }

    /// <summary>Before anything is asked.</summary>
    public abstract IEnumerable<string> Start(ImageReference reference);

    /// <summary>When the image is named.</summary>
    public abstract IEnumerable<string> End(ImageReference reference, CopiedImage copied);

    private sealed class PullWords : CopyWords
    {
        public override string Exists => "Already exists";

        public override string Begins => "Pulling fs layer";

        public override string Doing => "Downloading";

        public override string Done => "Download complete";

        public override string? Named => "Pull complete";

        public override IEnumerable<string> Start(ImageReference reference) =>
            [$"{reference.Tag ?? reference.Digest!.ToString()}: Pulling from {reference.Repository}"];

        public override IEnumerable<string> End(ImageReference reference, CopiedImage copied) =>
        [
            $"Digest: {copied.Root.Digest}",
            copied.UpToDate ? $"Status: Image is up to date for {reference.Familiar}"
                : $"Status: Downloaded newer image for {reference.Familiar}",
            reference.ToString(),
        ];
    }

    private sealed class PushWords : CopyWords
    {
        public override string Exists => "Layer already exists";

        public override string Begins => "Preparing";

        public override string Doing => "Pushing";

        public override string Done => "Pushed";

        public override string? Named => null;

        public override IEnumerable<string> Start(ImageReference reference) =>
            [$"The push refers to repository [{reference.Registry}/{reference.Repository}]"];

        public override IEnumerable<string> End(ImageReference reference, CopiedImage copied) =>
            [$"{reference.Tag ?? reference.Digest!.ToString()}: digest: {copied.Root.Digest} size: {copied.Root.Size}"];
    }
}
