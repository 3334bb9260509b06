// The compiler's own types: the engine and ImgsPS.TestRegistry each have them as internals, and among those it cannot choose.
namespace System.Runtime.CompilerServices
{
    internal static class IsExternalInit
    {
    }

    internal sealed class RequiredMemberAttribute : Attribute
    {
    }

    internal sealed class CompilerFeatureRequiredAttribute(string featureName) : Attribute
    {
        public string FeatureName { get; } = featureName;
    }
}

namespace System.Diagnostics.CodeAnalysis
{
    internal sealed class SetsRequiredMembersAttribute : Attribute
    {
    }
}
