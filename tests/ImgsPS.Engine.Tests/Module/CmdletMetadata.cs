using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ImgsPS.Tests.Module;

/// <summary>A cmdlet as the built assembly's metadata declares it. Nothing of the assembly runs, so no PowerShell is needed.</summary>
internal sealed record CmdletMetadata(
    string Name, bool SupportsShouldProcess, IReadOnlyList<string> Aliases, IReadOnlyList<string> OutputTypes,
    IReadOnlyList<ParameterMetadata> Parameters)
{
    private const string Automation = "System.Management.Automation.";

    /// <summary>All cmdlets of the assembly.</summary>
    public static IReadOnlyList<CmdletMetadata> Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        return reader.TypeDefinitions.Select(reader.GetTypeDefinition).Select(type => Read(reader, type)).OfType<CmdletMetadata>().ToList();
    }

    private static CmdletMetadata? Read(MetadataReader reader, TypeDefinition type)
    {
        var attributes = ReadAttributes(reader, type.GetCustomAttributes());
        if (attributes.FirstOrDefault(a => a.Type == "CmdletAttribute") is not { } cmdlet)
        {
            return null;
        }

        return new CmdletMetadata(
            cmdlet.Fixed[0] + "-" + cmdlet.Fixed[1],
            cmdlet.Named.TryGetValue("SupportsShouldProcess", out var supports) && supports is true,
            Texts(attributes, "AliasAttribute"),
            Texts(attributes, "OutputTypeAttribute"),
            ReadProperties(reader, type).DistinctBy(property => property.Name).Select(property => property.Parameter)
                .OfType<ParameterMetadata>().ToList());
    }

    /// <summary>
    /// Those of the type before those of its base types: a property that overrides another comes first, also when it is no parameter and
    /// so takes one away.
    /// </summary>
    private static IEnumerable<(string Name, ParameterMetadata? Parameter)> ReadProperties(MetadataReader reader, TypeDefinition type)
    {
        foreach (var handle in type.GetProperties())
        {
            var property = reader.GetPropertyDefinition(handle);
            var attributes = ReadAttributes(reader, property.GetCustomAttributes());
            var name = reader.GetString(property.Name);
            if (attributes.FirstOrDefault(a => a.Type == "ParameterAttribute") is not { } parameter)
            {
                yield return (name, null);
            }
            else
            {
                bool Flag(string name) => parameter.Named.TryGetValue(name, out var value) && value is true;
                yield return (name, new ParameterMetadata(
                    name,
                    property.DecodeSignature(TypeNames.Instance, null).ReturnType,
                    Texts(attributes, "AliasAttribute"),
                    parameter.Named.TryGetValue("ParameterSetName", out var set) ? (string)set! : "(All)",
                    parameter.Named.TryGetValue("Position", out var position) ? position!.ToString()! : "Named",
                    Flag("Mandatory"),
                    Flag("ValueFromPipeline"),
                    Flag("ValueFromPipelineByPropertyName"),
                    attributes.Any(a => a.Type == "SupportsWildcardsAttribute")));
            }
        }

        if (type.BaseType.Kind == HandleKind.TypeDefinition)
        {
            foreach (var property in ReadProperties(reader, reader.GetTypeDefinition((TypeDefinitionHandle)type.BaseType)))
            {
                yield return property;
            }
        }
    }

    private static List<string> Texts(IEnumerable<Attribute> attributes, string type) =>
        attributes.Where(a => a.Type == type).SelectMany(a => a.Fixed).OfType<string>().ToList();

    private static List<Attribute> ReadAttributes(MetadataReader reader, CustomAttributeHandleCollection handles)
    {
        var attributes = new List<Attribute>();
        foreach (var attribute in handles.Select(reader.GetCustomAttribute))
        {
            if (attribute.Constructor.Kind != HandleKind.MemberReference)
            {
                continue;
            }

            var parent = reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
            var name = parent.Kind == HandleKind.TypeReference
                ? TypeNames.Instance.GetTypeFromReference(reader, (TypeReferenceHandle)parent, 0) : "";
            if (name.StartsWith(Automation, StringComparison.Ordinal))
            {
                var value = attribute.DecodeValue(TypeNames.Instance);
                attributes.Add(new Attribute(
                    name.Substring(Automation.Length),
                    value.FixedArguments.SelectMany(Flatten).ToList(),
                    value.NamedArguments.ToDictionary(argument => argument.Name!, argument => argument.Value)));
            }
        }

        return attributes;
    }

    private static IEnumerable<object?> Flatten(CustomAttributeTypedArgument<string> argument) =>
        argument.Value is ImmutableArray<CustomAttributeTypedArgument<string>> items ? items.SelectMany(Flatten) : [argument.Value];

    private sealed record Attribute(string Type, IReadOnlyList<object?> Fixed, IReadOnlyDictionary<string, object?> Named);

    /// <summary>Types as their full names.</summary>
    private sealed class TypeNames : ISignatureTypeProvider<string, object?>, ICustomAttributeTypeProvider<string>
    {
        public static readonly TypeNames Instance = new();

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => "System." + typeCode;

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            var type = reader.GetTypeDefinition(handle);
            return Join(reader.GetString(type.Namespace), reader.GetString(type.Name));
        }

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            var type = reader.GetTypeReference(handle);
            return Join(reader.GetString(type.Namespace), reader.GetString(type.Name));
        }

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetSystemType() => "System.Type";

        public bool IsSystemType(string type) => type == "System.Type";

        public string GetTypeFromSerializedName(string name) => name.Split(',')[0];

        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;

        public string GetArrayType(string elementType, ArrayShape shape) => throw Unexpected();

        public string GetByReferenceType(string elementType) => throw Unexpected();

        public string GetFunctionPointerType(MethodSignature<string> signature) => throw Unexpected();

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
            $"{genericType}[{string.Join(",", typeArguments)}]";

        public string GetGenericMethodParameter(object? genericContext, int index) => throw Unexpected();

        public string GetGenericTypeParameter(object? genericContext, int index) => throw Unexpected();

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetPinnedType(string elementType) => throw Unexpected();

        public string GetPointerType(string elementType) => throw Unexpected();

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle,
            byte rawTypeKind) => throw Unexpected();

        private static string Join(string space, string name) => space.Length == 0 ? name : space + "." + name;

        private static NotSupportedException Unexpected() => new("No parameter or attribute has such a type.");
    }
}

/// <summary>A parameter of a cmdlet.</summary>
internal sealed record ParameterMetadata(
    string Name, string Type, IReadOnlyList<string> Aliases, string Set, string Position, bool Mandatory, bool ByValue, bool ByPropertyName,
    bool Wildcards);
