# Many removals in one pipeline: as if each were done after the one before it, with few calls of the store.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $references = foreach ($i in 1..6) {
        $made = Add-TestImage $registry "team/app:v$i" @{ layers = @(@{ seed = 200 + $i; size = 1000 }) }
        "$address/team/app:v$i"
    }

    # One image more under the name v6, so that it has two.
    $null = Invoke-TestRegistry $registry tags @{ repository = 'team/app'; tag = 'same'; digest = $made.digest }
    $same = "$address/team/app:same"

    # True while the index names the image.
    function Test-Tag([string] $Tag) { [System.IO.File]::ReadAllText((Join-Path $store 'index.json')).Contains("team/app:$Tag`"") }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Remove-Image of several images' {
    BeforeEach {
        $store = New-TestStore
        $null = $references + $same | Invoke-ImagePull
    }

    AfterEach {
        Test-ImageStore -Full -Quiet -ErrorAction Stop | Should -BeTrue
        Remove-TestStore $store
    }

    It 'removes all <Form>' -ForEach @(
        @{ Form = 'that are listed'; Run = { Get-Image | Remove-Image -ErrorAction Stop } }
        @{ Form = 'that are listed, with -Force'; Run = { Get-Image | Remove-Image -Force -ErrorAction Stop } }
        @{ Form = 'that are named'; Run = { @($references; $same) | Remove-Image -ErrorAction Stop } }
        @{ Form = 'that a wildcard names'; Run = { Remove-Image "$address/team/*" -ErrorAction Stop } }
        @{ Form = 'that several wildcards name'; Run = { Remove-Image '*:v1', '*:v[2-6]', '*:same' -ErrorAction Stop } }
    ) {
        . $Run | Should -BeNullOrEmpty
        Get-Image | Should -BeNullOrEmpty
        (Get-ImageStore).Blobs | Should -Be 0
    }

    It 'lets an item wait for others, but not when the next one comes late' {
        $there = [System.Collections.Generic.List[bool]]::new()
        & {
            $references[0]; $there.Add((Test-Tag v1))
            Start-Sleep -Milliseconds 150
            $references[1]; $there.Add((Test-Tag v1)); $there.Add((Test-Tag v2))
            $references[2]; $there.Add((Test-Tag v3))
        } | Remove-Image -ErrorAction Stop
        $there | Should -Be $true, $false, $false, $true
        (Get-Image).Tag | Sort-Object | Should -Be 'same', 'v4', 'v5', 'v6'
    }

    It 'removes one by one with <Form>' -ForEach @(
        @{ Form = '-PassThru'; Arguments = @{ PassThru = $true }; Verbose = 'SilentlyContinue' }
        @{ Form = '-Verbose'; Arguments = @{ Verbose = $true }; Verbose = 'SilentlyContinue' }
        @{ Form = '$VerbosePreference'; Arguments = @{}; Verbose = 'Continue' }
        @{ Form = '-Debug'; Arguments = @{ Debug = $true }; Verbose = 'SilentlyContinue' }
    ) {
        $there = [System.Collections.Generic.List[bool]]::new()
        $null = & {
            $VerbosePreference = $Verbose
            & { $references[0]; $there.Add((Test-Tag v1)); $references[1]; $there.Add((Test-Tag v2)) } | Remove-Image @Arguments
        } 4>&1 5>&1
        $there | Should -Be $false, $false
    } -Skip:($PSVersionTable.PSVersion.Major -lt 7) # Windows PowerShell asks after each debug line.

    It 'removes no more with -PassThru than is asked for' {
        (Get-Image | Sort-Object Tag | Remove-Image -PassThru | Select-Object -First 3).Image |
            Should -Be $same, $references[0], $references[1]
        (Get-Image).Tag | Sort-Object | Should -Be 'v3', 'v4', 'v5', 'v6'
    }

    It 'has an error for each item that fails, in their order, and removes the others' {
        $listed = Get-Image | Sort-Object Tag
        Remove-Image $references[1], $references[3]
        $given = @('nosuch:1'; $listed; 'team/UPPER'; 'nosuch:2')
        $given | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.TargetObject | Should -Be 'nosuch:1', $references[1], $references[3], 'team/UPPER', 'nosuch:2'
        $failed.FullyQualifiedErrorId | Select-Object -Unique |
            Should -Be 'ImageNotFound,ImgsPS.Cmdlets.RemoveImageCommand', 'InvalidReference,ImgsPS.Cmdlets.RemoveImageCommand'
        Get-Image | Should -BeNullOrEmpty
    }

    It 'has the error of an item that another program removed while it waited, and removes those behind it' {
        & { $references[0]; Remove-Image $references[1]; $references[1..2] } |
            Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 1
        $failed.TargetObject | Should -Be $references[1]
        $failed.FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.RemoveImageCommand'
        (Get-Image).Tag | Sort-Object | Should -Be 'same', 'v4', 'v5', 'v6'
    }

    It 'keeps what is behind the first failure with -ErrorAction Stop, and removes what is before it (<Form>)' -ForEach @(
        @{ Form = 'looked up'; Given = { @($references[0..1]; 'nosuch'; $references[2..5]) } }
        @{ Form = 'not a reference'; Given = { @($references[0..1]; 'team/UPPER'; $references[2..5]) } }
        @{ Form = 'a wildcard that is none'; Given = { @($references[0..1]; 'v[3-'; $references[2..5]) } }
        @{ Form = 'in the store'; Given = { $references[0..1]; $references[0]; $references[2..5] } }
        @{ Form = 'while it waits'; Given = { $references[0]; Remove-Image $references[2]; $references[1..5] } }
    ) {
        { & $Given | Remove-Image -ErrorAction Stop } | Should -Throw
        (Get-Image).Tag | Should -Not -Contain 'v1'
        (Get-Image).Tag | Should -Not -Contain 'v2'
        foreach ($tag in 'v4', 'v5', 'v6', 'same') { (Get-Image).Tag | Should -Contain $tag }
    }

    It 'takes an image that goes with an earlier one as gone (D2)' {
        $null = Invoke-ImagePull "$address/team/app@$($made.digest)"
        $listed = @(Get-Image | Where-Object Tag -In 'same', 'v6') + @(Get-Image | Where-Object { -not $_.Tag })
        $listed | Should -HaveCount 3
        $listed | Remove-Image -IncludePinned -ErrorAction Stop
        (Get-Image).Tag | Should -Not -Contain 'v6'

        # So does a listed tag that is given twice; as a text the second is an error.
        $one = Get-Image $references[0]
        $one, $one | Remove-Image -ErrorAction Stop
        $references[1], $references[1] | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed.TargetObject | Should -Be $references[1]
    }

    It 'reads an id as it is behind the removals before it (D4)' {
        # Two names: the id alone is a conflict, until one of them has gone.
        $made.id, $same, $made.id | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 1
        $failed.FullyQualifiedErrorId | Should -Be 'ImageConflict,ImgsPS.Cmdlets.RemoveImageCommand'
        (Get-Image).Tag | Sort-Object | Should -Be 'v1', 'v2', 'v3', 'v4', 'v5'
    }

    It 'tells of each what it is behind the one before, with -Verbose' {
        $text = @($same, $references[5] | Remove-Image -Verbose 4>&1 | ForEach-Object { "$_" })
        @($text -like '*"Untag"*')[0] | Should -BeLike "*$same *"
        @($text -like '*"Remove image"*')[0] | Should -BeLike "*$($references[5]) *"
    }

    It 'removes nothing more when what is before it fails' {
        { & { $references[0]; throw 'no more' } | Remove-Image } | Should -Throw 'no more'
        @(Get-Image) | Should -HaveCount 7
    }

    It 'removes from the stores that the images came from' {
        $other = Join-Path $store 'other'
        $null = Invoke-ImagePull $references[0..2] -Store $other
        Get-Image -Store local, $other | Sort-Object Tag | Remove-Image -ErrorAction Stop
        Get-Image -Store local, $other | Should -BeNullOrEmpty
    }

    It 'goes on when the next command pulls the image again' {
        $references | Remove-Image -PassThru | ForEach-Object { $_.Image | Invoke-ImagePull } | ForEach-Object Reference |
            Should -Be $references
        @(Get-Image) | Should -HaveCount 7
    }
}
