# SF9: a name that another tool gave an image is data. It is no reference when the grammar says so, and never a pattern when it comes by the
# pipeline.
BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $store = New-TestStore
    foreach ($i in 1..3) {
        $null = Add-TestImage $registry "team/app:$i" @{ layers = @(@{ seed = 700 + $i; size = 100 }) }
        $null = Invoke-ImagePull "$($registry.Host)/team/app:$i"
    }

    $plain = "$($registry.Host)/team/app:2", "$($registry.Host)/team/app:3"

    # A layout of another tool's, whose first image is called what it must not be called.
    function New-NamedStore([string] $Name) {
        $folder = Join-Path $TestDrive ([guid]::NewGuid().ToString('N'))
        Copy-Item -LiteralPath $store -Destination $folder -Recurse -Force
        Remove-Item -LiteralPath (Join-Path $folder '.imgsps') -Recurse -Force
        $file = Join-Path $folder 'index.json'
        $text = [System.IO.File]::ReadAllText($file)
        [System.IO.File]::WriteAllText($file, $text.Replace("""$($registry.Host)/team/app:1""", (ConvertTo-Json $Name)))
        $folder
    }

    function Get-Left([string] $Folder) { @(Get-Image -Store $Folder | ForEach-Object { "$($_.Reference)$($_.RawName)" } | Sort-Object) }
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'An image called <Name> (SF9)' -ForEach @(
    @{ Name = '*' }
    @{ Name = '?' }
    @{ Name = '*:*' }
    @{ Name = '[a-z0-9]*' }
    @{ Name = 'a[b]' }
    @{ Name = '*@*' }
) {
    BeforeEach { $foreign = New-NamedStore $Name }

    It 'has no reference, but its name, which the table shows' {
        $odd = Get-Image -Store $foreign | Where-Object { $_.RawName }
        $odd | Should -HaveCount 1
        $odd.RawName | Should -Be $Name
        @($odd.Reference; $odd.Repository; $odd.Tag) | Where-Object { $_ } | Should -BeNullOrEmpty
        $odd.Dangling | Should -BeFalse
        "$odd" | Should -Be $odd.Id
        ($odd | Out-String).Contains($Name) | Should -BeTrue
    }

    It 'is the only one that is removed by <Form>' -ForEach @(
        @{ Form = 'the object'; Run = { $odd | Remove-Image -ErrorAction Stop } }
        @{ Form = 'the object as -Image'; Run = { Remove-Image -Image $odd -ErrorAction Stop } }
        @{ Form = 'its id'; Run = { Remove-Image $odd.Id -Store $foreign -ErrorAction Stop } }
        @{ Form = 'its id by the pipeline'; Run = { $odd.Id | Remove-Image -Store $foreign -ErrorAction Stop } }
        @{ Form = 'its name by the pipeline'; Run = { $odd.RawName | Remove-Image -Store $foreign -ErrorAction Stop } }
        @{ Form = 'the deserialized object'
            Run = { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($odd)) |
                Remove-Image -Store $foreign -ErrorAction Stop } }
        @{ Form = 'a row of a CSV file'
            Run = { $odd | ConvertTo-Csv | ConvertFrom-Csv | Remove-Image -Store $foreign -ErrorAction Stop } }
        @{ Form = 'an object with the property Image'
            Run = { [pscustomobject]@{ Image = $odd.RawName } | Remove-Image -Store $foreign -ErrorAction Stop } }
        @{ Form = 'an object with the property Name'
            Run = { [pscustomobject]@{ Name = $odd.RawName } | Remove-Image -Store $foreign -ErrorAction Stop } }
        @{ Form = 'a value that is computed for each item'
            Run = { $odd | Remove-Image -Image { $_.RawName } -Store $foreign -ErrorAction Stop } }
    ) {
        $odd = Get-Image -Store $foreign | Where-Object { $_.RawName }
        . $Run
        Get-Left $foreign | Should -Be $plain
    }

    It 'does not go, and no other one, by <Form>' -ForEach @(
        @{ Form = 'the references of all'; Run = { Get-Image -Store $foreign | ForEach-Object Reference | Where-Object { $_ } |
            Remove-Image -Store $foreign -WhatIf -ErrorAction Stop } }
        @{ Form = 'its name in a store that has no such image'; Run = { $Name | Remove-Image -Store $store -ErrorAction Stop } }
        @{ Form = 'a row with that as Reference'
            Run = { [pscustomobject]@{ Reference = $Name } | Remove-Image -Store $store -ErrorAction Stop } }
        @{ Form = 'a row with that as Reference, typed'
            Run = { Remove-Image -Image ([pscustomobject]@{ Reference = $Name }) -Store $store -ErrorAction Stop } }
        @{ Form = 'a row with that as Reference and an id of another image'
            Run = { [pscustomobject]@{ Reference = $Name; Id = (Get-Image $plain[0]).Id } | Remove-Image -ErrorAction Stop } }
        @{ Form = 'a deserialized reference'
            Run = { [System.Management.Automation.PSSerializer]::Deserialize(
                [System.Management.Automation.PSSerializer]::Serialize([pscustomobject]@{ Reference = $Name })) |
                Remove-Image -Store $store -ErrorAction Stop } }
    ) {
        try { . $Run } catch { $_.FullyQualifiedErrorId | Should -Match '^(ImageNotFound|InvalidReference),' }
        Get-Left $foreign | Should -Be (@($plain; $Name) | Sort-Object)
        @(Get-Image) | Should -HaveCount 3
    }

    It 'is the only one for <Command> by the pipeline' -ForEach @(
        @{ Command = 'Get-Image' }, @{ Command = 'Get-ImageConfig' }, @{ Command = 'Get-ImageHistory' }, @{ Command = 'Get-ImageLayer' },
        @{ Command = 'Get-ImageManifest' }, @{ Command = 'Add-ImageTag' }
    ) {
        $odd = Get-Image -Store $foreign | Where-Object { $_.RawName }
        $arguments = if ($Command -eq 'Add-ImageTag') { @{ Tag = 'found:1'; PassThru = $true } } else { @{} }
        foreach ($given in $odd, $odd.RawName, $odd.Id) {
            $found = @($given | & $Command @arguments -Store $foreign -ErrorAction Stop)
            $found | Should -Not -BeNullOrEmpty
            if ($Command -ne 'Get-ImageManifest' -and $found[0].PSObject.Properties['Id']) {
                $found.Id | Select-Object -Unique | Should -Be $odd.Id
            }
            else { $found | Should -HaveCount 1 }
        }
    }

    It 'cannot be pulled, nor asked of a registry' {
        $null = Invoke-TestRegistry $registry requests -Method Delete
        $odd = Get-Image -Store $foreign | Where-Object { $_.RawName }
        $odd | Invoke-ImagePull -ErrorAction SilentlyContinue -ErrorVariable pulled | Should -BeNullOrEmpty
        $odd.RawName | Invoke-ImagePull -ErrorAction SilentlyContinue -ErrorVariable named | Should -BeNullOrEmpty
        $odd | Get-ImageConfig -Remote -ErrorAction SilentlyContinue -ErrorVariable asked | Should -BeNullOrEmpty
        $pulled, $named, $asked | ForEach-Object { $_ | Should -HaveCount 1 }
        $named[0].FullyQualifiedErrorId | Should -Be 'InvalidReference,ImgsPS.Cmdlets.InvokeImagePullCommand'
        $asked[0].FullyQualifiedErrorId | Should -Be 'InvalidReference,ImgsPS.Cmdlets.GetImageConfigCommand'
        Get-TestRequest $registry | Should -BeNullOrEmpty
    }
}

Describe 'A wildcard (SF9)' {
    It 'is one where it is typed' {
        (Get-Image '*team*').Reference | Should -HaveCount 3
        (Get-Image -Name '*:[23]').Reference | Sort-Object | Should -Be $plain
    }

    It 'is none by the pipeline, and the error says so' {
        '*team*' | Get-Image -ErrorAction SilentlyContinue -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Be 'InvalidReference,ImgsPS.Cmdlets.GetImageCommand'
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*typed with -Image*'
    }
}
