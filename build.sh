#!/bin/sh
# Runs build.ps1 in the PowerShell that .config/dotnet-tools.json names, for example: ./build.sh test
set -eu
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
if ! command -v dotnet >/dev/null; then
    echo "ImgsPS is built with the .NET SDK 10, and there is no dotnet on PATH. See https://dotnet.microsoft.com/download" >&2
    exit 1
fi

if ! said=$(dotnet tool restore 2>&1); then
    echo "$said" >&2
    exit 1
fi

exec dotnet tool run pwsh -NoProfile -NonInteractive -File build.ps1 "$@"
