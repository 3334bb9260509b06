using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>Completes the types that most referrers of images have.</summary>
public sealed class ArtifactTypeCompleter : LocalCompleter
{
    private static readonly Suggestion[] s_types =
    {
        new("application/vnd.dev.cosign.artifact.sig.v1+json", "Signatures of cosign"),
        new("application/vnd.dev.cosign.simplesigning.v1+json", "Signatures of cosign under its older tags"),
        new("application/vnd.dev.sigstore.bundle.v0.3+json", "Signatures and attestations of sigstore"),
        new("application/vnd.cncf.notary.signature", "Signatures of notation"),
        new("application/spdx+json", "Bills of materials in SPDX"),
        new("application/vnd.cyclonedx+json", "Bills of materials in CycloneDX"),
        new("application/vnd.in-toto+json", "Attestations, BuildKit's among them"),
        new("application/sarif+json", "Findings of scanners"),
    };

    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) =>
        s_types.Where(type => Fits(type.Text, word));
}
