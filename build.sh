#!/bin/sh
# Builds, tests and shows ImgsPS. With PowerShell on PATH build.ps1 does it; without, this script does what the .NET SDK alone can.
# usage: ./build.sh clean|build|test|torture|fuzz [minutes [seed]]|secrets|bench [options]|demo|docs|package
set -u
cd "$(dirname "$0")" || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

case "${1:-}" in
clean) task=Clean ;;
build) task=Build ;;
test) task=Test ;;
torture) task=Torture ;;
secrets) task=Secrets ;;
bench) task=Bench ;;
demo) task=Demo ;;
docs) task=Docs ;;
package) task=Package ;;
fuzz) task=Fuzz ;;
*)
    echo "usage: ./build.sh clean|build|test|torture|fuzz [minutes [seed]]|secrets|bench [options]|demo|docs|package" >&2
    exit 2
    ;;
esac

if ! command -v dotnet >/dev/null; then
    echo "The .NET SDK (8.0 or later) is needed: there is no dotnet on PATH. See https://dotnet.microsoft.com/download" >&2
    exit 1
fi

# The same with and without PowerShell.
if [ "$task" = Bench ]; then
    shift
    bench=bench/ImgsPS.Bench/bin/Release/net8.0/ImgsPS.Bench
    if [ "$*" = --micro ]; then
        dotnet build bench/Micro -c Release -v q && dotnet build bench/ImgsPS.Bench -c Release -v q || exit 1
        bench/Micro/bin/Release/net8.0/ImgsPS.Micro bench/MICRO.md || exit 1
        exec $bench report
    fi

    dotnet msbuild build.targets -nologo -v:m -t:Build && dotnet build bench/ImgsPS.Bench -c Release -v q || exit 1
    exec $bench "$@"
fi

if command -v pwsh >/dev/null; then
    if [ "$task" = Fuzz ]; then
        exec pwsh -NoProfile -NonInteractive -File ./build.ps1 -Task Fuzz -Minutes "${2:-10}" ${3:+-Seed "$3"}
    fi

    exec pwsh -NoProfile -NonInteractive -File ./build.ps1 -Task "$task"
fi

results=output/test-results
passed=0
failed=0
skipped=0

msbuild() {
    dotnet msbuild build.targets -nologo -v:m "-t:$1"
}

# Counts one failure that is not a test's.
fail() {
    echo "FAILED: $1"
    failed=$((failed + 1))
}

# Counts a part that did not run.
skip() {
    echo "skipped: $1"
    skipped=$((skipped + 1))
}

counter() {
    sed -n "s/.*<Counters [^>]*$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# Adds up a trx file: name, exit code of dotnet test.
count() {
    trx="$results/$1.trx"
    if [ ! -f "$trx" ]; then
        fail "$1: the test run left no result"
        return
    fi

    total=$(counter "$trx" total)
    executed=$(counter "$trx" executed)
    good=$(counter "$trx" passed)
    passed=$((passed + good))
    failed=$((failed + executed - good))
    skipped=$((skipped + total - executed))
    if [ "$executed" -eq 0 ]; then
        fail "$1: no test ran"
    elif [ "$2" -ne 0 ] && [ "$executed" -eq "$good" ]; then
        fail "$1: the test run broke off"
    fi

    # Why tests were skipped, each reason once.
    awk '/<UnitTestResult /{ skip = /outcome="NotExecuted"/ } skip && /<Message>/{ sub(/.*<Message>/, ""); sub(/<\/Message>.*/, ""); print; skip = 0 }' "$trx" |
        sort | uniq -c | sort -rn | sed "s/^ *\([0-9]*\) /skipped in $1: \1 x /; s/&apos;/'/g; s/&quot;/\"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g"
}

# Runs a test project; its skipped tests are told by reason instead of one by one.
xunit() {
    name=$1
    shift
    {
        dotnet test "tests/$name" --nologo -v q --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
            --logger "console;verbosity=minimal" --blame-hang-timeout "${hang:-8min}" --blame-hang-dump-type none "$@"
        echo $? >output/exit-code
    } | grep -Ev "\[SKIP\]$|^  Skipped |^Data collector 'Blame' message"
    count "$name" "$(cat output/exit-code)"
}

# Kills, full disks, many processes; prints what the tests counted: rounds, survivors, losses.
torture() {
    xunit ImgsPS.Torture
    awk '/<ResultSummary/{ exit } /<StdOut>/{ on = 1 } on { line = $0; gsub(/ *<\/?(Output|StdOut)>/, "", line); print line } /<\/StdOut>/{ on = 0 }' "$results/ImgsPS.Torture.trx" 2>/dev/null |
        sed "s/&apos;/'/g; s/&quot;/\"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g"
}

coverage() {
    rate=$(find "$results" -name coverage.cobertura.xml -exec sed -n 's/.*<package name="ImgsPS.Engine" line-rate="\([0-9.]*\)".*/\1/p' {} + | head -n 1)
    if [ -z "$rate" ]; then
        fail "the coverage of ImgsPS.Engine was not measured"
        return
    fi

    awk -v rate="$rate" 'BEGIN { printf "Line coverage of ImgsPS.Engine: %.1f %%\n", rate * 100; exit rate < 0.85 }' ||
        fail "the line coverage is under 85 %"
}

run_tests() {
    rm -rf "$results"
    if ! msbuild Build; then
        fail "the build"
        return
    fi

    echo "Checking the format"
    dotnet format ImgsPS.sln --verify-no-changes -v q || fail "dotnet format ImgsPS.sln would change files"
    xunit ImgsPS.Engine.Tests --collect "XPlat Code Coverage" --settings tests/coverage.runsettings
    coverage
    torture
    if dotnet restore tests/ImgsPS.Hosting.Tests -v q >/dev/null 2>&1; then
        xunit ImgsPS.Hosting.Tests
    else
        skip "tests/ImgsPS.Hosting.Tests: Microsoft.PowerShell.SDK does not restore here, and there is no pwsh on PATH to use instead"
    fi

    skip "tests/ImgsPS.Tests (Pester): there is no pwsh on PATH"
}

case "$task" in
Clean)
    msbuild Clean
    ;;
Build)
    msbuild Build && echo "The help (MAML) was left out: there is no pwsh on PATH."
    ;;
Test)
    run_tests
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    ;;
Torture)
    export IMGSPS_TORTURE=long
    hang=40min
    mkdir -p output
    torture
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    ;;
Demo)
    echo "There is no pwsh on PATH: the demo runs the engine through tests/ImgsPS.Driver; the cmdlets are left out."
    dotnet run --project tests/ImgsPS.Driver -- demo
    ;;
Docs)
    echo "Nothing was made: the help needs PowerShell and its module Microsoft.PowerShell.PlatyPS, and there is no pwsh on PATH."
    ;;
Fuzz)
    dotnet run --project tests/ImgsPS.Engine.Tests -v q -- fuzz --minutes "${2:-10}" --folder output/fuzz ${3:+--seed "$3"}
    ;;
Package)
    msbuild Build && msbuild Package && echo "The help (MAML) was left out: there is no pwsh on PATH."
    ;;
esac
